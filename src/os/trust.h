// Whose certificates we believe. Boost is seen here, so this is for the sources of os/ alone.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

namespace gangline {

/// For clients, TLS 1.2 and newer. The system's authorities, or those of a file in PEM instead; of
/// a file that cannot be read or holds none: `error`.
boost::asio::ssl::context trusting(const std::string& authorities,
                                   boost::system::error_code& error);

}  // namespace gangline
