#include "json/json.h"
#include "json/view_fields.h"
#include "model/slurm_profile.h"
#include "model/slurm_survey.h"

namespace gangline {

template <class M>
void fields(M& m, SurveyedGpus& v) {
  m("model", v.model);
  m("count", v.count);
}
template <class M>
void fields(M& m, SurveyedPartition& v) {
  m("name", v.name);
  m("is_default", v.is_default);
  m("up", v.up);
  m("nodes", v.nodes);
  m("gpus", v.gpus);
  m("max_time", v.max_time);
}
template <class M>
void fields(M& m, SiteLack& v) {
  m("what", v.what);
  m("ask", v.ask);
}
template <class M>
void fields(M& m, SlurmSurvey& v) {
  m("version", v.version);
  m("cluster", v.cluster);
  m("partitions", v.partitions);
  m("account", v.account);
  m("qos", v.qos);
  m("accounts", v.accounts);
  m("qoses", v.qoses);
  m("mpi", v.mpi);
  m("mpi_default", v.mpi_default);
  m("partition", v.partition);
  m("state", v.state);
  m("disk", v.disk);
  m("shared", v.shared);
  m("tried_on", v.tried_on);
  m("lacks", v.lacks);
}
template <class M>
void fields(M& m, ProfileAdded& v) {
  m("survey", v.survey);
  m("file", v.file);
  m("section", v.section);
  m("written", v.written);
}
template <class M>
void fields(M& m, SlurmUsual& v) {
  m("partition", v.partition);
  m("account", v.account);
  m("qos", v.qos);
  m("constraint", v.constraint);
}
template <class M>
void fields(M& m, PilotByItself& v) {
  m("gangs", v.gangs);
  m("shorter_than", v.shorter_than);
  m("request", v.request);
}
template <class M>
void fields(M& m, SlurmProfile& v) {
  m("usual", v.usual);
  m("look_every", v.look_every);
  m("state", v.state);
  m("pilot", v.pilot);
}

namespace mapping {
template <>
struct AllOf<SharedDisk> {
  static constexpr SharedDisk values[] = {SharedDisk::yes, SharedDisk::no, SharedDisk::unknown};
};
}  // namespace mapping

std::string to_json(const ProfileAdded& added) { return mapping::text_of(added); }
std::string to_json(const SlurmProfile& profile) { return mapping::text_of(profile); }

}  // namespace gangline
