"""The files in /etc of a pretended cluster: Slurm's, the names of hosts, people. Values of these files only, no processes."""

LOGIN = "login"
NETWORK = "10.77.0"
FAST_NETWORK = "10.78.0"  # among nodes alone, where one is wanted; Slurm does not use it
LOGIN_ADDRESS = f"{NETWORK}.254"
MOST_NODES = 200
REST_PORT = 6820
DEVICE_MAJOR = 60  # for local use: no driver owns it
FIRST_UID = 2001
NOBODY = 65534
CLUSTER = "gangline"


def node_names(wanted):
    return [f"n{number}" for number in range(1, wanted["nodes"] + 1)]


def node_address(name):
    return LOGIN_ADDRESS if name == LOGIN else f"{NETWORK}.{name[1:]}"


def network_lines(name, fast_network):
    """What `ip` is told on a host."""
    lines = ["link set lo up", f"addr add {node_address(name)}/24 dev eth0", "link set eth0 up"]
    if fast_network and name != LOGIN:
        lines += [f"addr add {FAST_NETWORK}.{name[1:]}/24 dev ib0", "link set ib0 up"]
    return "".join(line + "\n" for line in lines)


def devices_of(name, gpus):
    """Names in /dev and their numbers, which no other node has."""
    if name == LOGIN:
        return []
    first = (int(name[1:]) - 1) * gpus
    return [(f"fakegpu{gpu}", DEVICE_MAJOR, first + gpu) for gpu in range(gpus)]


def slurm_conf(wanted):
    lines = {
        "ClusterName": CLUSTER,
        "SlurmctldHost": f"{LOGIN}({LOGIN_ADDRESS})",
        "SlurmUser": "slurm",
        "AuthType": "auth/munge",
        # A job that is requeued after the death of a node waits until its old credential is void; below 5, Slurm takes 120.
        "AuthInfo": f"cred_expire={5 if wanted['fast'] else 10}",
        "AuthAltTypes": "auth/jwt",
        "AuthAltParameters": "jwt_key=/etc/slurm/jwt.key",
        "StateSaveLocation": "/var/lib/slurm/slurmctld",
        "SlurmdSpoolDir": "/var/lib/slurm/slurmd",
        "SlurmctldPidFile": "/run/slurmctld.pid",
        "SlurmdPidFile": "/run/slurmd.pid",
        "SlurmctldLogFile": "/var/log/slurm/slurmctld.log",
        "SlurmdLogFile": "/var/log/slurm/slurmd.log",
        "MpiDefault": "none",
        "SlurmdParameters": "config_overrides",  # nodes are larger than the machine they are pretended on
        "ReturnToService": "2",
        "KillWait": "3",
        "SlurmdTimeout": "6",
        "MessageTimeout": "10",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "SchedulerType": "sched/backfill",
        "GresTypes": "gpu",
    }
    if wanted["constrain"]:
        lines |= {"ProctrackType": "proctrack/cgroup", "TaskPlugin": "task/cgroup",
                  "JobAcctGatherType": "jobacct_gather/cgroup"}
    else:
        lines |= {"ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none",
                  "JobAcctGatherType": "jobacct_gather/linux"}
    if wanted["fast"]:
        lines |= {"MessageTimeout": "3", "TCPTimeout": "1", "SlurmdTimeout": "3",
                  "SchedulerParameters": "batch_sched_delay=0,sched_min_interval=0,sched_interval=1,"
                                         "default_queue_depth=10000,bf_interval=1,bf_continue"}
    if wanted["accounting"]:
        lines |= {"AccountingStorageType": "accounting_storage/slurmdbd", "AccountingStorageHost": LOGIN,
                  "AccountingStorageTRES": "gres/gpu", "JobAcctGatherFrequency": "task=5"}
    for line in wanted["extra"]:  # Slurm refuses a key that is there twice
        key, _, value = line.partition("=")
        if key == "PartitionName":
            continue
        lines = {other: text for other, text in lines.items() if other.lower() != key.lower()} | {key: value}
    gres = f" Gres=gpu:h100:{wanted['gpus']}" if wanted["gpus"] else ""
    names = node_names(wanted)
    return "".join(
        [f"{key}={value}\n" for key, value in lines.items()] +
        [f"NodeName={name} NodeAddr={node_address(name)} CPUs={wanted['cpus']} Boards=1 SocketsPerBoard=1 "
         f"CoresPerSocket={wanted['cpus']} ThreadsPerCore=1 RealMemory={wanted['memory']}{gres}\n" for name in names] +
        [f"PartitionName=main Nodes={','.join(names)} Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=1000\n"] +
        [f"{line}\n" for line in wanted["extra"] if line.startswith("PartitionName=")])


def gres_conf(wanted):
    if not wanted["gpus"]:
        return ""
    return (f"AutoDetect=off\nNodeName={','.join(node_names(wanted))} Name=gpu Type=h100 "
            f"File=/dev/fakegpu[0-{wanted['gpus'] - 1}]\n")


CGROUP_CONF = """CgroupPlugin=cgroup/v1
CgroupAutomount=no
CgroupMountpoint=/sys/fs/cgroup
ConstrainDevices=yes
ConstrainRAMSpace=yes
ConstrainCores=no
"""

SLURMDBD_CONF = f"""AuthType=auth/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=/etc/slurm/jwt.key
DbdHost={LOGIN}
SlurmUser=slurm
PidFile=/var/lib/slurm/slurmdbd.pid
LogFile=/var/log/slurm/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
"""

# Run by mariadbd when it starts: whoever is the user slurm of the host may in, without a password.
DATABASE_SQL = """create database if not exists slurm_acct_db;
create user if not exists slurm@localhost identified via unix_socket;
grant all on slurm_acct_db.* to slurm@localhost;
"""


def hosts_file(wanted):
    lines = ["127.0.0.1 localhost", f"{LOGIN_ADDRESS} {LOGIN}"]
    return "\n".join(lines + [f"{node_address(name)} {name}" for name in node_names(wanted)]) + "\n"


def people_lines(people):
    """What is added to passwd and group, and the uid of each."""
    uids = {name: FIRST_UID + number for number, name in enumerate(people)}
    passwd = "".join(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n" for name, uid in uids.items())
    group = "".join(f"{name}:x:{uid}:\n" for name, uid in uids.items())
    return passwd, group, uids
