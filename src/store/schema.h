// The tables, as steps from one version of the schema to the next.
#pragma once

namespace gangline {

/// Step n leads from version n to n + 1; a new version is a new step at the end, never a changed
/// one. event.gang: the gang that the event names, the first one of several; NULL where it names
/// none. event.kind: EventKind of store.cpp.
constexpr const char* schema_steps[] = {
    R"(
    CREATE TABLE event (
      seq  INTEGER PRIMARY KEY,
      at   INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      job  INTEGER,
      gang INTEGER,
      body TEXT NOT NULL);
    CREATE INDEX event_by_gang ON event (job, gang, seq);
    CREATE INDEX event_of_node ON event (kind, seq) WHERE kind = 1;
    CREATE INDEX event_badly ON event (job, gang) WHERE kind = 8;
    CREATE TABLE job (
      id      INTEGER PRIMARY KEY,
      name    TEXT NOT NULL,
      uid     INTEGER NOT NULL,
      ended   INTEGER NOT NULL,
      gangs_ended INTEGER NOT NULL,
      spec    TEXT NOT NULL,
      summary TEXT NOT NULL);
    CREATE INDEX job_by_name ON job (name, id);
    CREATE INDEX job_unfinished ON job (id) WHERE ended = 0;
    CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    )",
    // The name of this store: a launcher that knows another one's gangs is not asked about ours.
    R"(
    INSERT INTO note (key, value) VALUES ('name', lower(hex(randomblob(16))));
    )",
    // What users had in runs that have ended, as it counts at a time: see PastUse.
    R"(
    CREATE TABLE used (
      queue     TEXT NOT NULL,
      owner     TEXT NOT NULL,
      at        INTEGER NOT NULL,
      device_ms INTEGER NOT NULL,
      PRIMARY KEY (queue, owner)) WITHOUT ROWID;
    )",
    // Whom the tasks of a job run as, where that is not whoever runs the launcher: a Person.
    R"(
    ALTER TABLE job ADD COLUMN person TEXT NOT NULL DEFAULT '';
    )",
    // Device-time by person and hour, of runs that have ended: see PastHour.
    R"(
    CREATE TABLE used_hour (
      hour      INTEGER NOT NULL,
      owner     TEXT NOT NULL,
      device_ms INTEGER NOT NULL,
      PRIMARY KEY (hour, owner)) WITHOUT ROWID;
    )",
    // What is held for people. Numbers are never given again.
    R"(
    CREATE TABLE reservation (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      body   TEXT NOT NULL);
    )",
    // By which key of its person it was submitted: see JobSpec::submit_key.
    R"(
    ALTER TABLE job ADD COLUMN submit_key TEXT;
    CREATE UNIQUE INDEX job_by_key ON job (uid, submit_key) WHERE submit_key IS NOT NULL;
    )",
    // Ends by their time, for what ran when.
    R"(
    CREATE INDEX event_end ON event (at) WHERE kind IN (7, 8, 9);
    )",
    // What devices did, in steps of so many microseconds: see PastReadings.
    R"(
    CREATE TABLE reading (
      node    INTEGER NOT NULL,
      step    INTEGER NOT NULL,
      at      INTEGER NOT NULL,
      devices BLOB NOT NULL,
      PRIMARY KEY (node, step, at)) WITHOUT ROWID;
    CREATE INDEX reading_by_age ON reading (step, at);
    )",
};
constexpr int schema_version = sizeof schema_steps / sizeof schema_steps[0];

}  // namespace gangline
