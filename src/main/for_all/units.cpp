#include "main/for_all/units.h"

#include "main/for_all/layout.h"

namespace gangline {

// KillMode=control-group: at the end of the machine all tasks get SIGTERM and half a minute.
// Delegate: control groups of tasks are made below the launcher's own.
std::string launcher_unit_text(const std::string& program) {
  return "[Unit]\n"
         "Description=Gangline launcher: starts the tasks of jobs as those who submitted them\n"
         "After=local-fs.target nss-user-lookup.target\n"
         "\n"
         "[Service]\n"
         "Type=exec\n"
         "ExecStart=" +
         program +
         " internal-launcher --for-all --foreground\n"
         "Restart=always\n"
         "RestartSec=1\n"
         "Delegate=yes\n"
         "KillMode=control-group\n"
         "TimeoutStopSec=30\n"
         "OOMScoreAdjust=-900\n"
         "TasksMax=infinity\n"
         "LimitNOFILE=524288\n"
         "LimitNPROC=infinity\n"
         "\n"
         "[Install]\n"
         "WantedBy=multi-user.target\n";
}

// It starts nothing and needs nothing but its own directory, the devices' numbers and its socket.
std::string service_unit_text(const std::string& program) {
  const std::string user = for_all::user;
  return "[Unit]\n"
         "Description=Gangline service: decides what runs where\n"
         "Wants=" +
         std::string(for_all::launcher_unit) + "\nAfter=" + for_all::launcher_unit +
         "\n"
         "\n"
         "[Service]\n"
         "Type=exec\n"
         "User=" +
         user + "\nGroup=" + user + "\nExecStart=" + program +
         " internal-service --for-all\n"
         "Restart=on-failure\n"
         "RestartSec=1\n"
         "RuntimeDirectory=gangline\n"
         "RuntimeDirectoryMode=0755\n"
         "CapabilityBoundingSet=\n"
         "NoNewPrivileges=yes\n"
         "ProtectSystem=strict\n"
         "ReadWritePaths=" +
         for_all::service_state +
         "\n"
         "ProtectHome=yes\n"
         "PrivateTmp=yes\n"
         "LimitNOFILE=65536\n"
         "\n"
         "[Install]\n"
         "WantedBy=multi-user.target\n";
}

}  // namespace gangline
