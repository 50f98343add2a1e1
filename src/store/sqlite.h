// As much of SQLite as the store needs, with errors as values. For the sources of store/ alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gangline {

/// A prepared statement. Parameters count from 1, columns from 0. Reset by each `run` or at the end
/// of the rows, and then ready for new parameters.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind_bytes(int parameter, std::string_view value);
  Statement& bind_null(int parameter);

  /// Steps to the end; for statements without rows.
  Result<void> run();
  /// True while there is a row to read. Errors of reading are told by `trouble` after the last row.
  bool next();
  Result<void> trouble() const;

  std::int64_t number(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int last_ = 0;
};

/// The Error for the last failed call on this database.
Error sqlite_error(sqlite3* database, int code);

}  // namespace gangline
