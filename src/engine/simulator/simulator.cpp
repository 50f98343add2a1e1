#include "engine/simulator/simulator.h"

#include "base/text.h"

namespace gangline {

void Simulator::resume(const std::string& cursor, const std::vector<StartOrder>& asked) {
  told_ = parse_number(cursor).value_or(0);
  for (const StartOrder& order : asked) cluster_.start(order);
  if (cluster_.events() > told_) say_that_there_is_news();
}

void Simulator::start(const StartOrder& order) {
  cluster_.start(order);
  say_that_there_is_news();
}

void Simulator::stop(const StopOrder& order) {
  cluster_.stop(order);
  say_that_there_is_news();
}

void Simulator::return_turns(JobId job, std::uint32_t first, std::uint32_t count) {
  cluster_.return_turns(job, first, count);
  say_that_there_is_news();
}

News Simulator::poll(Time now) {
  cluster_.pass_to(now);
  News news;
  news.events = cluster_.events_after(told_);
  if (news.events.empty()) return news;
  told_ = cluster_.events();
  news.cursor = std::to_string(told_);
  return news;
}

void Simulator::acknowledge(const std::string& cursor) {
  cluster_.forget(parse_number(cursor).value_or(0));
}

Result<LogChunk> Simulator::read_log(const LogQuery& query) {
  return Error{ErrorKind::not_found,
               "gang " + format(query.gang) + " was pretended and has written nothing", "", ""};
}

}  // namespace gangline
