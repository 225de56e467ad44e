//! Ports: taking them, and naming who has them.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpListener as StdTcpListener, UdpSocket},
};

use tokio::net::TcpListener;

use crate::failure::{Failure, Kind};

/// Listens on a port for one of our parts; `option` is what chooses another port. Must be called within the runtime.
///
/// Errors: the port is taken, or not ours to take.
pub(crate) fn listen(part: &str, address: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    StdTcpListener::bind(address)
        .and_then(|listener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        })
        .map_err(|error| taken(part, "TCP", address, option, &error))
}

/// Whether a child of ours could listen on a TCP port.
pub(crate) fn check_tcp(part: &str, address: SocketAddr, option: &str) -> Result<(), Failure> {
    StdTcpListener::bind(address).map(drop).map_err(|error| taken(part, "TCP", address, option, &error))
}

/// The same for a UDP port.
pub(crate) fn check_udp(part: &str, address: SocketAddr, option: &str) -> Result<(), Failure> {
    UdpSocket::bind(address).map(drop).map_err(|error| taken(part, "UDP", address, option, &error))
}

fn taken(part: &str, protocol: &str, address: SocketAddr, option: &str, error: &std::io::Error) -> Failure {
    if error.kind() != std::io::ErrorKind::AddrInUse {
        return Failure::new(Kind::Unavailable, format!("{part}: cannot listen on {address}: {error}"));
    }
    let mut message = format!("{part}: {protocol} port {} is taken", address.port());
    if let Some(who) = holder(protocol, address.port()) {
        // Writing to a string cannot fail.
        let _ = write!(message, " by {who}");
    }
    Failure::new(Kind::Unavailable, message).hint(format!("{option} chooses another port"))
}

/// The process that has a port, where we may know it: `livekit-server (process 4711)`.
fn holder(protocol: &str, port: u16) -> Option<String> {
    let tables = match protocol {
        "TCP" => ["/proc/net/tcp", "/proc/net/tcp6"],
        _ => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let inodes: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| inode_of(line, protocol, port)).collect::<Vec<_>>())
        .collect();
    let sockets: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(id) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // Another user's processes do not show their sockets.
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        let has_it =
            descriptors.flatten().filter_map(|descriptor| fs::read_link(descriptor.path()).ok()).any(
                |target| target.to_str().is_some_and(|target| sockets.iter().any(|socket| socket == target)),
            );
        if has_it {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {id})", name.trim()));
        }
    }
    None
}

/// The inode of a socket that listens on `port`, from a line of `/proc/net/{tcp,udp}` (proc(5)).
fn inode_of(line: &str, protocol: &str, port: u16) -> Option<String> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
    let local_port = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
    // 0A: TCP_LISTEN.
    (local_port == port && (protocol == "UDP" || *state == "0A")).then(|| (*inode).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_reported_with_its_holder_and_the_option_that_helps() {
        let first = listen("one", ([127, 0, 0, 1], 0).into(), "--port").expect("a free port");
        let address = first.local_addr().expect("an address");
        let failure = listen("engines", address, "--engines-port").expect_err("taken");
        assert!(
            failure.message.contains(&format!("engines: TCP port {} is taken by ", address.port())),
            "{failure}"
        );
        assert!(failure.message.contains(&format!("(process {})", std::process::id())), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("--engines-port chooses another port"));
        assert_eq!(failure.exit_code, 69);
        assert!(check_tcp("engines", address, "--engines-port").is_err());
    }

    #[test]
    fn udp_ports_are_looked_at_too() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
        let address = socket.local_addr().expect("an address");
        let failure = check_udp("LiveKit", address, "--livekit-port").expect_err("taken");
        assert!(failure.message.contains("UDP port"), "{failure}");
        drop(socket);
        assert!(check_udp("LiveKit", address, "--livekit-port").is_ok());
    }
}
