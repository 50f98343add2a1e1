#include "store/sqlite.h"

#include <sqlite3.h>

namespace gangline {

Error sqlite_error(sqlite3* database, int code) {
  Error error{ErrorKind::disk, std::string("cannot write: ") + sqlite3_errstr(code), "the store",
              ""};
  if (database != nullptr) {
    if (const char* path = sqlite3_db_filename(database, "main"); path != nullptr && *path != '\0')
      error.where = path;
    if ((code & 0xff) != SQLITE_FULL)
      error.what += std::string(" (") + sqlite3_errmsg(database) + ")";
  }
  if ((code & 0xff) == SQLITE_FULL) error.hint = "make room on that disk";
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) {
    error.kind = ErrorKind::broken;
    error.hint = "move it away to begin with an empty history; running gangs are not harmed";
  }
  return error;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  last_ = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                             SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  if (statement_) sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  if (statement_)
    sqlite3_bind_text64(statement_.get(), parameter, value.data(), value.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view value) {
  if (statement_)
    sqlite3_bind_blob64(statement_.get(), parameter, value.data(), value.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  if (statement_) sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

Result<void> Statement::run() {
  while (next()) {
  }
  return trouble();
}

bool Statement::next() {
  if (!statement_) return false;
  last_ = sqlite3_step(statement_.get());
  if (last_ == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  return false;
}

Result<void> Statement::trouble() const {
  if (last_ == SQLITE_DONE || last_ == SQLITE_ROW) return {};
  return sqlite_error(database_, last_);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(size)};  // NOLINT: SQLite's type
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace gangline
