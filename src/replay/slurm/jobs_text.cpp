// sacct -P: fields between '|', which nothing quotes, so a job's name may hold a '|' or an end of
// line as well.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/readers/formats.h"
#include "replay/slurm/entry.h"

namespace gangline {
namespace {

constexpr std::array<std::string_view, 6> free_texts{"jobname",      "comment", "submitline",
                                                     "admincomment", "workdir", "systemcomment"};

struct Columns {
  explicit Columns(const Header& header)
      : id(header.find({"JobID", "JobIDRaw"})),
        name(header.find("JobName")),
        user(header.find("User")),
        queue(header.find("Partition")),
        submitted(header.find("Submit")),
        eligible(header.find("Eligible")),
        started(header.find("Start")),
        ended(header.find("End")),
        elapsed(header.find({"ElapsedRaw", "Elapsed"})),
        limit(header.find({"TimelimitRaw", "Timelimit"})),
        state(header.find("State")),
        nodes(header.find({"NNodes", "AllocNodes"})),
        cpus(header.find({"NCPUS", "AllocCPUS"})),
        asked_cpus(header.find("ReqCPUS")),
        memory(header.find("ReqMem")),
        asked(header.find("ReqTRES")),
        given(header.find("AllocTRES")),
        asked_gres(header.find({"ReqGRES", "ReqGres"})),
        given_gres(header.find("AllocGRES")),
        list(header.find("NodeList")),
        priority(header.find("Priority")) {}
  Column id, name, user, queue, submitted, eligible, started, ended, elapsed, limit, state, nodes,
      cpus, asked_cpus, memory, asked, given, asked_gres, given_gres, list, priority;
};

bool says_nothing(std::string_view text) {
  return text.empty() || text == "Unknown" || text == "None" || text == "N/A" || text == "INVALID";
}

std::optional<Time> time_of(const Row& row, const Column& column) {
  if (says_nothing(row.text(column))) return std::nullopt;
  return row.time(column);
}

std::optional<Span> elapsed_of(const Row& row, const Columns& columns) {
  if (says_nothing(row.text(columns.elapsed))) return std::nullopt;
  const auto span = parse_slurm_span(row.text(columns.elapsed));
  if (!span) row.refuse(columns.elapsed, "is no length of time");
  return span;
}

// Raw limits are minutes.
std::optional<Span> limit_of(const Row& row, const Columns& columns) {
  const std::string_view text = row.text(columns.limit);
  if (says_nothing(text) || text == "UNLIMITED" || text == "Partition_Limit") return std::nullopt;
  if (text.find_first_of(":-") != std::string_view::npos) {
    const auto span = parse_slurm_span(text);
    if (!span) row.refuse(columns.limit, "is no length of time");
    return span;
  }
  const auto count = parse_decimal(text);
  const auto span = count ? span_of_seconds(*count * 60) : std::nullopt;
  if (!span) row.refuse(columns.limit, "is no number of minutes");
  return span;
}

Tres tres_of(const Row& row, const Column& column, const Column& gres, std::int64_t gres_times) {
  auto tres = parse_tres(row.text(column));
  if (!tres) row.refuse(column, "is no list of what was counted");
  if (!tres) return {};
  if (!tres->gpus && tres->gpus_of_model.empty() && row.has(gres)) {
    auto of_gres = parse_gres(row.text(gres));
    if (!of_gres) row.refuse(gres, "is no list of devices");
    if (!of_gres) return *tres;
    if (of_gres->gpus) *of_gres->gpus *= gres_times;
    for (auto& [model, count] : of_gres->gpus_of_model) count *= gres_times;
    return completed(*tres, *of_gres);
  }
  return *tres;
}

// "2800Mc" for each CPU, "2Gn" for each node, "2800M" for the job.
std::optional<Bytes> memory_of(const Row& row, const Column& column, const Tres& tres) {
  std::string_view text = row.text(column);
  if (says_nothing(text) || text == "0" || text == "0n" || text == "0c") return std::nullopt;
  std::int64_t times = 1;
  if (text.back() == 'c') times = tres.cpus.value_or(1);
  if (text.back() == 'n') times = tres.nodes.value_or(1);
  if (text.back() == 'c' || text.back() == 'n') text.remove_suffix(1);
  const auto memory = parse_slurm_memory(text);
  if (!memory || memory->n > (std::int64_t{1} << 60) / std::max<std::int64_t>(times, 1)) {
    row.refuse(column, "is no size");
    return std::nullopt;
  }
  return *memory * times;
}

std::optional<std::int64_t> count_of(const Row& row, const Column& column) {
  if (says_nothing(row.text(column))) return std::nullopt;
  return row.whole(column, 0, most_of_a_kind);
}

void take_size(const Row& row, const Columns& columns, bool as_given, PastJob& job,
               HistoryDraft& draft) {
  const auto nodes = count_of(row, columns.nodes);
  Tres asked =
      tres_of(row, columns.asked, columns.asked_gres, std::max<std::int64_t>(nodes.value_or(1), 1));
  Tres given = tres_of(row, columns.given, columns.given_gres, 1);
  if (!asked.cpus) asked.cpus = count_of(row, columns.asked_cpus);
  if (!given.cpus) given.cpus = count_of(row, columns.cpus);
  if (!given.nodes) given.nodes = nodes;
  if (!asked.memory) asked.memory = memory_of(row, columns.memory, completed(asked, given));
  take_request(asked, given, as_given, job, draft, row.why());
}

PastJob job_of(const Row& row, const Columns& columns, const HowToRead& how, HistoryDraft& draft) {
  PastJob job;
  job.id = row.kept(columns.id);
  if (job.id.empty()) row.why().say("it has no JobID");
  refuse_unended(row.text(columns.state), row.why());
  job.name = row.kept(columns.name);
  job.user = row.kept(columns.user);
  job.queue = row.kept(columns.queue);
  take_times({time_of(row, columns.submitted), time_of(row, columns.eligible),
              time_of(row, columns.started), time_of(row, columns.ended), elapsed_of(row, columns)},
             job, draft, row.why());
  job.limit = limit_of(row, columns);
  if (!says_nothing(row.text(columns.priority)))
    job.priority = static_cast<std::int32_t>(
        std::min<std::int64_t>(row.whole(columns.priority, 0, 4'294'967'295), 0x7fffffff));
  take_size(row, columns, how.as_given, job, draft);
  if (row.why().said()) return job;
  job.nodes = nodes_of(row.text(columns.list));
  if (job.id.find('+') != std::string::npos)
    draft.count("parts of heterogeneous jobs are jobs of their own here");
  return job;
}

// "123", "123_7", "123_[1-9%2]", "123+0", "123.batch" at the front of a line.
bool begins_an_entry(std::string_view line) {
  const auto digits = line.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos &&
         std::string_view("|_+.").find(line[digits]) != std::string_view::npos;
}

/// Puts entries together again that a name with ends of lines or with '|' broke into pieces. It can
/// as long as a single column holds free text.
class Entries {
 public:
  static constexpr std::size_t longest_entry = Lines::longest_line;

  Entries(Lines& lines, const Header& header, const std::vector<std::size_t>& free_columns)
      : lines_(lines),
        columns_(header.size()),
        id_is_first_(header.find({"JobID", "JobIDRaw"}).at == 0) {
    if (free_columns.size() == 1) free_ = free_columns.front();
  }

  struct Entry {
    std::uint64_t line = 0;
    std::string_view text;
    std::string broken;
    std::vector<std::uint64_t> behind;  ///< lines after it, whole as it is, that begin no entry
  };

  bool next(Entry& entry) {
    if (!have_ahead_ && !(have_ahead_ = read(ahead_))) return false;
    current_ = std::move(ahead_);
    have_ahead_ = false;
    std::vector<std::uint64_t> behind;
    while (current_.broken.empty() && may_go_on(current_.text) && (have_ahead_ = read(ahead_)) &&
           ahead_.broken.empty() && !begins(ahead_.text) &&
           current_.text.size() + ahead_.text.size() < longest_entry) {
      if (field_count(current_.text) >= columns_) behind.push_back(ahead_.line);
      else ++joined_;
      current_.text += ' ' + ahead_.text;
      have_ahead_ = false;
    }
    entry = {current_.line, current_.text, current_.broken, std::move(behind)};
    return true;
  }

  /// Lines that were broken off within the text of the line before.
  std::uint64_t joined() const { return joined_; }

  /// Gives fields that are too many back to the free text that held the '|'.
  void join(std::vector<std::string_view>& fields) const {
    if (!free_ || fields.size() <= columns_) return;
    const std::size_t surplus = fields.size() - columns_;
    const auto first = fields.begin() + static_cast<std::ptrdiff_t>(*free_);
    const auto last = first + static_cast<std::ptrdiff_t>(surplus);
    *first = {first->data(), static_cast<std::size_t>(last->data() + last->size() - first->data())};
    fields.erase(first + 1, last + 1);
  }

 private:
  struct Piece {
    std::uint64_t line = 0;
    std::string text, broken;
  };

  bool read(Piece& piece) {
    Line line;
    if (!lines_.next(line)) return false;
    piece = {line.number, std::string(line.broken.empty() ? line.text : std::string_view()),
             line.broken};
    return true;
  }

  bool begins(std::string_view text) const {
    return id_is_first_ ? begins_an_entry(text) : field_count(text) >= columns_;
  }

  static std::size_t field_count(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '|')) + 1;
  }

  // Whether the free text may have an end of line in it: it is the last column, or the line breaks
  // off within it.
  bool may_go_on(std::string_view text) const {
    if (!free_) return false;
    const std::size_t fields = field_count(text);
    return *free_ + 1 == columns_ ? fields >= columns_ : fields > *free_ && fields < columns_;
  }

  Lines& lines_;
  std::size_t columns_;
  bool id_is_first_;
  std::uint64_t joined_ = 0;
  std::optional<std::size_t> free_;
  Piece current_, ahead_;
  bool have_ahead_ = false;
};

std::vector<std::size_t> free_columns_of(const std::vector<std::string_view>& names) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Header one(std::span(&names[i], 1));
    if (std::any_of(free_texts.begin(), free_texts.end(), [&](auto name) { return one.has(name); }))
      places.push_back(i);
  }
  return places;
}

Error missing_column(const Input& input, const char* name) {
  return {ErrorKind::refused, std::string("it has no column ") + name, input.name(),
          "ask sacct for it: --format=JobID,User,Partition,Submit,Start,End,ElapsedRaw,State,"
          "TimelimitRaw,NNodes,NCPUS,ReqTRES,AllocTRES,NodeList"};
}

bool is_step(std::string_view id) { return id.find('.') != std::string_view::npos; }

}  // namespace

bool looks_like_slurm_text(std::string_view head) {
  return names_columns(head, '|', {"JobID"}) || names_columns(head, '|', {"JobIDRaw"});
}

Result<History> read_slurm_text(Input& input, const HowToRead& how) {
  Lines lines(input);
  Line first;
  if (!lines.next(first)) return HistoryDraft().finish(input);
  FieldCutter cutter('|');
  Why none;
  const std::vector<std::string_view> names = cutter.cut(first.text, none);
  const Header header(names);
  const Columns columns(header);
  for (const auto* column : {&columns.id, &columns.submitted, &columns.started})
    if (!column->there()) return missing_column(input, column->name.data());

  HistoryDraft draft;
  draft.note("times without a zone are taken as UTC (SLURM_TIME_FORMAT=%s makes them certain)");
  if (columns.asked_gres.there() || columns.given_gres.there())
    draft.note("ReqGRES is taken as of each node, AllocGRES as of all");
  Entries entries(lines, header, free_columns_of(names));
  Entries::Entry entry;
  while (!draft.full() && entries.next(entry)) {
    Why why;
    if (!entry.broken.empty()) why.say(entry.broken);
    std::vector<std::string_view> fields = cutter.cut(entry.text, why);
    entries.join(fields);
    if (!why.said() && fields.size() != header.size())
      why.say("the number of fields is not that of the first line",
              std::to_string(fields.size()) + " fields where the first line has " +
                  std::to_string(header.size()) +
                  "; a name may hold a '|': ask for JobName as the last column");
    const Row row(fields, why);
    if (!why.said() && is_step(row.text(columns.id))) {
      draft.count("steps of jobs were passed over (sacct -X leaves them out)");
      continue;
    }
    if (why.said()) draft.leave_out(entry.line, why);
    else draft.add(job_of(row, columns, how, draft), entry.line, why);
    // A name may have an end of line in it, and a line may be broken: nobody can tell which.
    Why no_entry;
    no_entry.say("it begins no entry; it may be more of the name of the job before it");
    for (const std::uint64_t line : entry.behind) draft.leave_out(line, no_entry);
  }
  if (entries.joined() > 0)
    draft.note(std::to_string(entries.joined()) +
               " lines were taken to go on the name of the job in the line before");
  return std::move(draft).finish(input);
}

}  // namespace gangline
