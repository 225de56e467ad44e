//! The LiveKit server of `ilenia dev`: somebody's that runs already, or a child of ours.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use agents::CancellationToken;
use common::config::Variables;

use crate::{
    commands::exec_child::bound_to_this_process,
    dev::{
        http::Dependency,
        ports,
        supervisor::{Program, Supervised},
    },
    failure::{Failure, Kind},
    settings::LiveKitSettings,
};

/// The development configuration; ports and keys are set on top of it.
const CONFIG: &str = include_str!("../../../livekit.yaml");
/// The program's name on `PATH` and in the cache.
const PROGRAM: &str = "livekit-server";
/// The option that chooses the ports.
pub(crate) const PORT_OPTION: &str = "--livekit-port";

/// Where a LiveKit server listens, on the loopback interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveKitPorts {
    /// Signalling and API, TCP.
    pub(crate) http: u16,
    /// WebRTC, UDP.
    pub(crate) rtc_udp: u16,
}

impl LiveKitPorts {
    /// `port` and, for UDP, the second after it; for 0 any two that are free. Checks that they can be had.
    pub(crate) fn choose(port: u16) -> Result<Self, Failure> {
        if port == 0 {
            return Self::free().map_err(|error| {
                Failure::new(Kind::Unavailable, format!("no free port for LiveKit: {error}"))
            });
        }
        let ports = Self { http: port, rtc_udp: port.saturating_add(2) };
        let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        ports::check_tcp("LiveKit server", on(ports.http), PORT_OPTION).map_err(|mut failure| {
            let use_it = format!("; LIVEKIT_URL=ws://127.0.0.1:{port} uses a LiveKit server that runs there");
            failure.hint = failure.hint.map(|hint| hint + &use_it);
            failure
        })?;
        ports::check_udp("LiveKit server", on(ports.rtc_udp), PORT_OPTION)?;
        Ok(ports)
    }

    fn free() -> std::io::Result<Self> {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let rtc_udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self { http, rtc_udp })
    }

    /// Signalling and API.
    pub(crate) fn address(self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.http))
    }
}

/// Finds the program: `LIVEKIT_SERVER_BIN`, `PATH`, the project's cache.
pub(crate) fn locate(variables: &Variables) -> Result<PathBuf, Failure> {
    if let Some(named) = variables.optional::<PathBuf>("LIVEKIT_SERVER_BIN") {
        return if is_program(&named) {
            Ok(named)
        } else {
            Err(Failure::new(Kind::Usage, format!("LIVEKIT_SERVER_BIN: {} is no program", named.display())))
        };
    }
    let path = variables.or("PATH", String::new());
    let on_path = std::env::split_paths(&path).map(|directory| directory.join(PROGRAM));
    let cache = variables
        .optional::<PathBuf>("XDG_CACHE_HOME")
        .or_else(|| variables.optional::<PathBuf>("HOME").map(|home| home.join(".cache")));
    let cached = cache.map(|cache| cache.join("ilenia/bin").join(PROGRAM));
    on_path.chain(cached).find(|candidate| is_program(candidate)).ok_or_else(|| {
        Failure::new(
            Kind::Unavailable,
            "no LiveKit server: neither LIVEKIT_SERVER_BIN nor PATH nor the cache has one",
        )
        .hint("`make setup` builds one; LIVEKIT_URL uses one that runs already")
    })
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Starts a LiveKit server that takes `livekit`'s key and tells `webhook` what happens, and keeps it running until
/// `shutdown`.
pub(crate) fn start(
    program: PathBuf,
    ports: LiveKitPorts,
    livekit: &LiveKitSettings,
    webhook: &str,
    shutdown: CancellationToken,
) -> Result<Supervised, Failure> {
    let keys = format!("{}: {}", livekit.api_key, livekit.api_secret.expose());
    let config = config(&livekit.api_key, webhook);
    let command = move || command(&program, ports, &config, &keys);
    let ready = Dependency::Local { address: ports.address(), path: "/" };
    Supervised::start(Program { name: "LiveKit server", command: Box::new(command), ready }, shutdown)
}

/// The server's configuration with a webhook whose notices are signed with that key.
fn config(api_key: &str, webhook: &str) -> String {
    // What is text in JSON is the same in YAML.
    let [api_key, webhook] = [api_key, webhook].map(|text| serde_json::Value::from(text).to_string());
    format!("{CONFIG}webhook:\n  api_key: {api_key}\n  urls: [{webhook}]\n")
}

/// By variables and not by arguments, which every user of the machine can read.
fn command(program: &Path, ports: LiveKitPorts, config: &str, keys: &str) -> Command {
    let mut command = bound_to_this_process(program);
    command
        // It would take REDIS_HOST, NODE_IP and others as its own.
        .env_clear()
        .env("LIVEKIT_CONFIG", config)
        .env("LIVEKIT_KEYS", keys)
        .args(["--port", &ports.http.to_string()])
        .args(["--udp-port", &ports.rtc_udp.to_string()]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_program_comes_first_and_must_be_one() {
        let found = locate(&Variables::from([("LIVEKIT_SERVER_BIN", "/bin/sh"), ("PATH", "/usr/bin")]));
        assert_eq!(found, Ok(PathBuf::from("/bin/sh")));
        let failure =
            locate(&Variables::from([("LIVEKIT_SERVER_BIN", "/etc/passwd")])).expect_err("no program");
        assert!(failure.message.starts_with("LIVEKIT_SERVER_BIN: "), "{failure}");
    }

    #[test]
    fn path_and_cache_are_searched_in_this_order() {
        let directory = tempfile::tempdir().expect("a directory");
        let make = |folder: &str| {
            let folder = directory.path().join(folder);
            std::fs::create_dir_all(&folder).expect("made");
            let program = folder.join(PROGRAM);
            std::fs::write(&program, "").expect("written");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
            program
        };
        let (home, path) = (directory.path().to_str().expect("utf-8"), directory.path().join("path"));
        let variables = [("HOME", home), ("PATH", path.to_str().expect("utf-8"))];
        assert_eq!(locate(&Variables::from(variables)).expect_err("none yet").exit_code, 69);
        let cached = make(".cache/ilenia/bin");
        assert_eq!(locate(&Variables::from(variables)), Ok(cached));
        let on_path = make("path");
        assert_eq!(locate(&Variables::from(variables)), Ok(on_path));
    }

    #[test]
    fn a_taken_port_names_the_ways_out() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let failure = LiveKitPorts::choose(port).expect_err("taken");
        let hint = failure.hint.unwrap_or_default();
        assert!(
            hint.contains("--livekit-port") && hint.contains(&format!("LIVEKIT_URL=ws://127.0.0.1:{port}")),
            "{hint}"
        );
        let free = LiveKitPorts::choose(0).expect("free ones");
        assert!(free.http != 0 && free.rtc_udp != 0);
    }
}
