//! Local candidates with their sockets, and the timers that str0m's ICE agent leaves to its user.
//!
//! Gathered are host candidates for UDP: loopback, and the addresses that this machine uses towards the outside.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket as StdUdpSocket},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use str0m::{Candidate, IceConnectionState};
use tokio::{io::ReadBuf, net::UdpSocket};

use crate::RtcError;

/// Datagrams are never longer, as both sides keep to the path's MTU.
pub(crate) const MAX_DATAGRAM_BYTES: usize = 2_048;

/// How long candidates are tried before the connection counts as failed.
const CHECKING_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the peer may stay silent after the connection counts as disconnected.
const DISCONNECTED_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a peer that said goodbye still counts as there. `livekit` resumes on a connection that looks sound for
/// three seconds: by then this one must not.
const PARTING_TIMEOUT: Duration = Duration::from_secs(2);

/// The bound sockets of a peer connection.
pub(crate) struct Sockets {
    sockets: Vec<(SocketAddr, UdpSocket)>,
}

/// A datagram that came in, without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) bytes: usize,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// Binds sockets and names their candidates. Needs a Tokio runtime.
///
/// # Errors
/// When not one socket can be bound.
pub(crate) fn gather() -> Result<(Sockets, Vec<Candidate>), RtcError> {
    let mut sockets = Vec::new();
    let mut candidates = Vec::new();
    let mut failure = None;
    for address in host_addresses() {
        match bind(address).and_then(|(local, socket)| {
            let candidate = Candidate::host(local, "udp").map_err(io::Error::other)?;
            Ok((local, socket, candidate))
        }) {
            Ok((local, socket, candidate)) => {
                sockets.push((local, socket));
                candidates.push(candidate);
            }
            Err(error) => {
                log::debug!("no UDP socket on {address}: {error}");
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if sockets.is_empty() => {
            Err(RtcError::internal(format_args!("no UDP socket can be bound: {error}")))
        }
        _ => Ok((Sockets { sockets }, candidates)),
    }
}

/// Loopback, and the address that the default route uses.
fn host_addresses() -> Vec<IpAddr> {
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
    // Connecting a UDP socket sends nothing: it only asks the routing table for a source address.
    let outward = StdUdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    if let Ok(local) = outward
        && !addresses.contains(&local.ip())
        && !local.ip().is_unspecified()
    {
        addresses.push(local.ip());
    }
    addresses
}

fn bind(address: IpAddr) -> io::Result<(SocketAddr, UdpSocket)> {
    let socket = StdUdpSocket::bind((address, 0))?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    Ok((local, UdpSocket::from_std(socket)?))
}

impl Sockets {
    /// Waits for a datagram on any socket. Cancel-safe.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> Received {
        poll_fn(|context| self.poll_receive(context, buffer)).await
    }

    fn poll_receive(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Received> {
        for (local, socket) in &self.sockets {
            loop {
                let mut read = ReadBuf::new(buffer);
                match socket.poll_recv_from(context, &mut read) {
                    Poll::Ready(Ok(remote)) => {
                        return Poll::Ready(Received { bytes: read.filled().len(), local: *local, remote });
                    }
                    // A port-unreachable message for an earlier datagram: nothing to do, ICE finds out by itself.
                    Poll::Ready(Err(error)) => log::trace!("receive on {local}: {error}"),
                    Poll::Pending => break,
                }
            }
        }
        Poll::Pending
    }

    /// Takes a datagram that is there already.
    pub(crate) fn try_receive(&self, buffer: &mut [u8]) -> Option<Received> {
        self.sockets.iter().find_map(|(local, socket)| {
            let (bytes, remote) = socket.try_recv_from(buffer).ok()?;
            Some(Received { bytes, local: *local, remote })
        })
    }

    /// Sends from the socket with the given address, waiting while its buffer is full. A datagram that cannot be sent
    /// is lost, as on the network.
    pub(crate) async fn send(&self, local: SocketAddr, remote: SocketAddr, payload: &[u8]) {
        let Some((_, socket)) = self.sockets.iter().find(|(address, _)| *address == local) else {
            log::trace!("no socket {local} to send from");
            return;
        };
        if let Err(error) = socket.send_to(payload, remote).await {
            log::trace!("send from {local} to {remote}: {error}");
        }
    }
}

/// Turns states that last too long into failure, as str0m's agent never gives up by itself.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    deadline: Option<Instant>,
    parting: bool,
}

/// What the time that is up means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// The peer that said goodbye counts as silent from now on.
    Silent,
    /// The peer was silent for too long.
    Failed,
}

impl Watchdog {
    /// Takes note of the agent's state.
    pub(crate) fn note(&mut self, state: IceConnectionState, now: Instant) {
        self.deadline = match state {
            IceConnectionState::Checking => Some(self.deadline.unwrap_or(now + CHECKING_TIMEOUT)),
            IceConnectionState::Disconnected => Some(now + DISCONNECTED_TIMEOUT),
            IceConnectionState::New | IceConnectionState::Connected | IceConnectionState::Completed => None,
        };
    }

    /// Takes note of the peer's goodbye. One that was silent already gets no more time by it.
    pub(crate) fn part(&mut self, now: Instant) {
        if self.deadline.is_none() {
            self.deadline = Some(now + PARTING_TIMEOUT);
            self.parting = true;
        }
    }

    /// Gives an ICE restart its time.
    pub(crate) fn restart(&mut self, now: Instant) {
        if self.deadline.is_some() {
            self.deadline = Some(now + CHECKING_TIMEOUT);
        }
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the time is up. Says so once.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Alarm> {
        self.deadline.take_if(|deadline| now >= *deadline)?;
        if std::mem::take(&mut self.parting) {
            self.deadline = Some(now + DISCONNECTED_TIMEOUT);
            return Some(Alarm::Silent);
        }
        Some(Alarm::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_fails_after_its_time_and_only_once() {
        let start = tokio::time::Instant::now().into_std();
        let mut watchdog = Watchdog::default();
        watchdog.note(IceConnectionState::Disconnected, start);
        assert_eq!(watchdog.expired(start + Duration::from_secs(14)), None);
        assert_eq!(watchdog.expired(start + Duration::from_secs(15)), Some(Alarm::Failed));
        assert_eq!(watchdog.expired(start + Duration::from_secs(99)), None);
    }

    #[test]
    fn a_peer_that_said_goodbye_falls_silent_before_it_fails() {
        let start = tokio::time::Instant::now().into_std();
        let mut watchdog = Watchdog::default();
        watchdog.part(start);
        assert_eq!(watchdog.expired(start + Duration::from_secs(1)), None);
        assert_eq!(watchdog.expired(start + Duration::from_secs(2)), Some(Alarm::Silent));
        assert_eq!(watchdog.expired(start + Duration::from_secs(16)), None);
        assert_eq!(watchdog.expired(start + Duration::from_secs(17)), Some(Alarm::Failed));
        assert_eq!(watchdog.deadline(), None);
    }

    #[test]
    fn a_goodbye_gives_a_silent_peer_no_more_time() {
        let start = tokio::time::Instant::now().into_std();
        let mut watchdog = Watchdog::default();
        watchdog.note(IceConnectionState::Disconnected, start);
        watchdog.part(start + Duration::from_secs(14));
        assert_eq!(watchdog.expired(start + Duration::from_secs(15)), Some(Alarm::Failed));
    }

    #[test]
    fn a_peer_that_comes_back_does_not_fail() {
        let start = tokio::time::Instant::now().into_std();
        let mut watchdog = Watchdog::default();
        watchdog.note(IceConnectionState::Disconnected, start);
        watchdog.note(IceConnectionState::Connected, start + Duration::from_secs(3));
        assert_eq!(watchdog.expired(start + Duration::from_secs(60)), None);
    }

    #[tokio::test]
    async fn loopback_is_always_a_candidate_and_carries_datagrams() {
        let (sockets, candidates) = gather().unwrap();
        assert!(candidates.iter().any(|candidate| candidate.addr().ip().is_loopback()));
        let local = candidates[0].addr();
        sockets.send(local, local, b"hello").await;
        let mut buffer = [0; 16];
        let received = sockets.receive(&mut buffer).await;
        assert_eq!((&buffer[..received.bytes], received.remote), (&b"hello"[..], local));
    }
}
