//! The task of a peer connection: moves datagrams between sockets and str0m, encodes audio when it is due, and tells
//! the program what happened.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use str0m::{
    Event as RtcEvent, IceConnectionState as AgentState, Input, Output,
    media::Mid,
    net::{Protocol, Receive, Transmit},
    rtp::{ExtensionValues, RtpPacket, RtpWrite},
};

use super::{
    connection::{Connection, Inner, Life},
    delayed::{Delayed, Held},
    events::Event,
    ice::{Alarm, MAX_DATAGRAM_BYTES, Received, Sockets},
    now,
    receive::Admission,
    send::{OutgoingPacket, opus_payload_type},
    transceiver::Transceiver,
};
use crate::{
    media_stream_track::MediaStreamTrack,
    net::{Datagram, DatagramFilter, Direction, Verdict},
    peer_connection::IceConnectionState,
};

/// Datagrams taken in before the program is told and others get their turn.
const RECEIVE_BATCH: usize = 64;
/// The longest sleep.
const IDLE: Duration = Duration::from_secs(60);

/// Runs until the connection is closed.
pub(crate) async fn run(
    connection: Arc<Connection>,
    sockets: Sockets,
    filter: Option<Arc<dyn DatagramFilter>>,
) {
    let wake = Arc::clone(connection.wake_signal());
    let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
    let mut driver = Driver {
        connection,
        sockets,
        filter,
        delayed: Delayed::default(),
        transmits: Vec::new(),
        senders: Vec::new(),
        packets: Vec::new(),
        events: Vec::new(),
        next_audio: None,
    };
    let mut woken = true;
    loop {
        let deadline = driver.round(now(), woken).await;
        driver.tell();
        let Some(deadline) = deadline else { break };
        woken = false;
        tokio::select! {
            received = driver.sockets.receive(&mut buffer) => {
                driver.take_in(received, &buffer[..received.bytes]);
                for _ in 1..RECEIVE_BATCH {
                    let Some(received) = driver.sockets.try_receive(&mut buffer) else { break };
                    driver.take_in(received, &buffer[..received.bytes]);
                }
            }
            () = wake.notified() => woken = true,
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
    }
    driver.connection.callbacks().clear();
}

struct Driver {
    connection: Arc<Connection>,
    sockets: Sockets,
    filter: Option<Arc<dyn DatagramFilter>>,
    delayed: Delayed,
    transmits: Vec<Transmit>,
    senders: Vec<Arc<Transceiver>>,
    packets: Vec<(Mid, OutgoingPacket)>,
    events: Vec<Event>,
    /// When the first sender has work.
    next_audio: Option<Instant>,
}

impl Driver {
    /// Does what is due and says when there is more to do; `None` when the connection is closed.
    async fn round(&mut self, now: Instant, woken: bool) -> Option<Instant> {
        for held in self.delayed.due(now) {
            match held {
                Held::Inbound(received, payload) => self.absorb(received, &payload, now),
                Held::Outbound(local, remote, payload) => self.sockets.send(local, remote, &payload).await,
            }
        }
        if woken || self.next_audio.is_some_and(|deadline| deadline <= now) {
            self.encode(now);
        }
        let (deadline, closed) = self.advance(now);
        self.transmit(now).await;
        let deadline = earliest(earliest(deadline, self.next_audio), self.delayed.deadline());
        (!closed).then_some(deadline)
    }

    /// Gives str0m the time and the encoded packets. Says when it wants to be asked again, and whether the connection
    /// is closed.
    fn advance(&mut self, now: Instant) -> (Instant, bool) {
        let mut inner = self.connection.inner();
        inner.write_packets(now, &mut self.packets);
        let deadline = inner.pump(Input::Timeout(now), now, &self.connection, &mut self.transmits);
        match inner.watchdog.expired(now) {
            Some(Alarm::Silent) => inner.fall_silent(),
            Some(Alarm::Failed) => inner.time_out(),
            None => {}
        }
        (earliest(deadline, inner.watchdog.deadline()), inner.life == Life::Closed)
    }

    /// Encodes what the sources of all senders have, outside of the connection's lock.
    fn encode(&mut self, now: Instant) {
        self.senders.clear();
        {
            let inner = self.connection.inner();
            if inner.secured && inner.life == Life::Alive {
                let sending = inner.transceivers.iter().filter(|transceiver| transceiver.has_send_state());
                self.senders.extend(sending.cloned());
            }
        }
        self.next_audio = None;
        for transceiver in &self.senders {
            let filled = self.connection.wake_signal();
            let deadline = transceiver.state().poll_audio(now, filled, &mut self.packets);
            self.next_audio = match (self.next_audio, deadline) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        self.senders.clear();
    }

    /// Takes in a datagram, unless the filter thinks otherwise.
    fn take_in(&mut self, received: Received, payload: &[u8]) {
        let now = now();
        match self.judge(Direction::Inbound, received.local, received.remote, payload) {
            Verdict::Pass => self.absorb(received, payload, now),
            Verdict::Drop => {}
            Verdict::Delay(delay) => {
                self.delayed.hold(now + delay, Held::Inbound(received, payload.to_vec()));
            }
        }
    }

    /// Gives a datagram to str0m.
    fn absorb(&mut self, received: Received, payload: &[u8], now: Instant) {
        let receive = match Receive::new(Protocol::Udp, received.remote, received.local, payload) {
            Ok(receive) => receive,
            Err(error) => {
                log::trace!("datagram from {} not understood: {error}", received.remote);
                return;
            }
        };
        let mut inner = self.connection.inner();
        inner.pump(Input::Receive(now, receive), now, &self.connection, &mut self.transmits);
    }

    /// Sends what str0m has put out.
    async fn transmit(&mut self, now: Instant) {
        for transmit in std::mem::take(&mut self.transmits) {
            let (local, remote) = (transmit.source, transmit.destination);
            match self.judge(Direction::Outbound, local, remote, &transmit.contents) {
                Verdict::Pass => self.sockets.send(local, remote, &transmit.contents).await,
                Verdict::Drop => {}
                Verdict::Delay(delay) => {
                    self.delayed.hold(now + delay, Held::Outbound(local, remote, transmit.contents.to_vec()));
                }
            }
        }
    }

    fn judge(&self, direction: Direction, local: SocketAddr, remote: SocketAddr, payload: &[u8]) -> Verdict {
        self.filter
            .as_ref()
            .map_or(Verdict::Pass, |filter| filter.judge(&Datagram { direction, local, remote, payload }))
    }

    /// Tells the program what happened, with no lock held.
    fn tell(&mut self) {
        self.events.extend(self.connection.inner().events.drain(..));
        for event in self.events.drain(..) {
            event.deliver(self.connection.callbacks());
        }
    }
}

impl Inner {
    /// Gives str0m an input and takes all its output. Returns when it wants to be asked again.
    fn pump(
        &mut self,
        input: Input<'_>,
        now: Instant,
        connection: &Connection,
        transmits: &mut Vec<Transmit>,
    ) -> Instant {
        if self.life != Life::Dead
            && let Err(error) = self.rtc.handle_input(input)
        {
            log::debug!("input refused: {error}");
        }
        let deadline = loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(deadline)) => break deadline,
                Ok(Output::Transmit(transmit)) => transmits.push(transmit),
                Ok(Output::Event(event)) => self.on_event(event, now, connection),
                Err(error) => {
                    self.die(&error.to_string());
                    break now + IDLE;
                }
            }
        };
        let mut events = Vec::new();
        self.channels.note_drained(&mut self.rtc, &mut events);
        self.events.extend(events);
        if self.life == Life::Dead { now + IDLE } else { deadline.min(now + IDLE) }
    }

    fn on_event(&mut self, event: RtcEvent, now: Instant, connection: &Connection) {
        let mut events = Vec::new();
        match event {
            RtcEvent::Connected => {
                self.secured = true;
                self.update_state();
                connection.wake();
            }
            RtcEvent::IceConnectionStateChange(state) => self.on_agent_state(state, now),
            RtcEvent::RtpPacket(packet) => self.on_packet(&packet),
            RtcEvent::ChannelOpen(id, label) => {
                self.channels.on_open(connection.weak(), &mut self.rtc, id, label, &mut events);
            }
            RtcEvent::ChannelData(message) => {
                self.channels.on_data(message.id, message.data, message.binary, &mut events);
            }
            RtcEvent::ChannelClose(id) => self.channels.on_close(id, &mut events),
            RtcEvent::PeerStats(stats) => self.stats.peer = Some(stats),
            RtcEvent::MediaEgressStats(stats) => {
                if let Some(transceiver) = self.by_mid(stats.mid) {
                    let mut state = transceiver.state();
                    if let (Some(sender), Some(loss)) = (&mut state.sender, stats.loss) {
                        sender.set_packet_loss((loss * 100.0).round() as u8);
                    }
                    state.stats.egress = Some(stats);
                }
            }
            RtcEvent::MediaIngressStats(stats) => {
                if let Some(transceiver) = self.by_mid(stats.mid) {
                    transceiver.state().stats.ingress = Some(stats);
                }
            }
            RtcEvent::Closed => self.part(now),
            _ => {}
        }
        self.events.extend(events);
    }

    fn on_agent_state(&mut self, state: AgentState, now: Instant) {
        if self.life != Life::Alive {
            return;
        }
        self.watchdog.note(state, now);
        if state.is_connected() {
            self.timed_out = false;
        }
        self.set_ice(match state {
            AgentState::New => IceConnectionState::New,
            AgentState::Checking => IceConnectionState::Checking,
            AgentState::Connected => IceConnectionState::Connected,
            AgentState::Completed => IceConnectionState::Completed,
            AgentState::Disconnected => IceConnectionState::Disconnected,
        });
        self.update_state();
    }

    /// Routes a packet to the streams of its track.
    fn on_packet(&mut self, packet: &RtpPacket) {
        let ssrc = packet.header.ssrc;
        let Some(mid) = self.rtc.direct_api().stream_rx(&ssrc).map(|stream| stream.mid()) else { return };
        let Some(transceiver) = self.by_mid(mid) else { return };
        let MediaStreamTrack::Audio(track) = transceiver.receive_track() else { return };
        let sequence = *packet.seq_no;
        let admission =
            transceiver.state().reception.admit(ssrc, sequence, packet.payload.len(), packet.timestamp);
        match admission {
            Admission::Stale => return,
            Admission::Current => {}
            Admission::New { old } => {
                track.sinks().reset();
                if let Some(old) = old {
                    self.rtc.direct_api().remove_stream_rx(old);
                }
            }
        }
        // Padding without a payload keeps an SFU's bandwidth estimate alive.
        if !packet.payload.is_empty() {
            track.sinks().push(sequence, packet.time.numer(), &packet.payload, packet.timestamp);
        }
    }

    /// Hands encoded packets to str0m.
    fn write_packets(&mut self, now: Instant, packets: &mut Vec<(Mid, OutgoingPacket)>) {
        for (mid, packet) in packets.drain(..) {
            let accepted = self.rtc.media(mid).map(str0m::media::Media::remote_pts);
            let Some(payload_type) = accepted.and_then(|accepted| opus_payload_type(&self.rtc, accepted))
            else {
                continue;
            };
            let extensions = ExtensionValues {
                audio_level: Some(packet.level_dbov),
                voice_activity: Some(packet.level_dbov > VOICE_DBOV),
                ..ExtensionValues::default()
            };
            let mut api = self.rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(mid, None) else { continue };
            let ssrc = *stream.ssrc();
            let captured = packet.captured.min(now);
            stream.write_rtp(
                RtpWrite::new(
                    payload_type,
                    packet.sequence.into(),
                    packet.rtp_time,
                    captured,
                    packet.payload,
                )
                .marker(packet.marker)
                .ext_vals(extensions),
            );
            if let Some(transceiver) = self.by_mid(mid)
                && let Some(sender) = &mut transceiver.state().sender
            {
                sender.ssrc = ssrc;
            }
        }
    }

    fn by_mid(&self, mid: Mid) -> Option<&Arc<Transceiver>> {
        self.transceivers.iter().find(|transceiver| transceiver.mid() == Some(mid))
    }
}

/// Packets louder than this are marked as voice (RFC 6464).
const VOICE_DBOV: i8 = -50;

fn earliest(one: Instant, other: Option<Instant>) -> Instant {
    other.map_or(one, |other| one.min(other))
}
