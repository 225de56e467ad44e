//! A peer connection: its state, and what the program can ask of it.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use str0m::{Candidate, Rtc, RtcConfig, config::CryptoProvider, net::Protocol};
use tokio::{runtime::Handle, sync::Notify};

use super::{
    callbacks::Callbacks,
    channel::{Channel, channel_config},
    channels::Channels,
    driver,
    events::Event,
    ice::{self, Watchdog},
    negotiation::Negotiation,
    now,
    stats::ConnectionStats,
    transceiver::Transceiver,
};
use crate::{
    MediaType, RtcError,
    audio::PlayoutClock,
    data_channel::DataChannelInit,
    ice_candidate::IceCandidate,
    media_stream_track::MediaStreamTrack,
    net,
    peer_connection::{
        BitrateSettings, IceConnectionState, IceGatheringState, PeerConnectionState, SignalingState,
    },
    peer_connection_factory::RtcConfiguration,
    rtp_transceiver::RtpTransceiverInit,
    session_description::SessionDescription,
};

/// Room for messages that wait to be sent, over all channels.
const SEND_BUFFER_BYTES: usize = 16 << 20;
/// The longest message taken in.
const MAX_MESSAGE_BYTES: u32 = 256 << 10;
/// How often str0m reports statistics.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// A peer connection, shared by its handle and its task. Transceivers and channels know it weakly.
pub(crate) struct Connection {
    this: Weak<Self>,
    inner: Mutex<Inner>,
    wake: Arc<Notify>,
    callbacks: Callbacks,
    clock: Mutex<Option<PlayoutClock>>,
}

/// What is behind the connection's lock.
pub(crate) struct Inner {
    pub(crate) rtc: Rtc,
    pub(crate) transceivers: Vec<Arc<Transceiver>>,
    pub(crate) channels: Channels,
    pub(crate) negotiation: Negotiation,
    pub(crate) watchdog: Watchdog,
    pub(crate) local_candidates: Vec<Candidate>,
    /// What the task will tell the program. It empties the queue in every round.
    pub(crate) events: VecDeque<Event>,
    pub(crate) stats: ConnectionStats,
    pub(crate) ice: IceConnectionState,
    pub(crate) state: PeerConnectionState,
    /// DTLS has finished.
    pub(crate) secured: bool,
    /// The peer was silent for too long. It may come back.
    pub(crate) timed_out: bool,
    pub(crate) life: Life,
    configuration: RtcConfiguration,
}

/// Whether a connection can still do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Alive,
    /// The peer said goodbye. Waits to be closed, and fails in the end.
    Parted,
    /// str0m gave up: the connection has failed. Waits to be closed.
    Dead,
    /// Closed on this side.
    Closed,
}

/// What the program holds. The connection closes when the last handle is gone.
pub(crate) struct ConnectionHandle {
    connection: Arc<Connection>,
}

impl ConnectionHandle {
    /// Binds sockets and starts the task on the current runtime.
    ///
    /// # Errors
    /// Outside of a Tokio runtime, or when no socket can be bound.
    pub(crate) fn new(configuration: RtcConfiguration) -> Result<Self, RtcError> {
        let runtime = Handle::try_current()
            .map_err(|_| RtcError::invalid_state("a peer connection needs a Tokio runtime around it"))?;
        let (sockets, local_candidates) = ice::gather()?;
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(crypto_provider())
            .set_rtp_mode(true)
            .set_stats_interval(Some(STATS_INTERVAL))
            .set_snap_enabled(false)
            .set_sctp_max_buffered_amount(SEND_BUFFER_BYTES)
            .set_sctp_max_message_size(MAX_MESSAGE_BYTES)
            .build(now());
        for candidate in &local_candidates {
            rtc.add_local_candidate(candidate.clone());
        }
        let connection = Arc::new_cyclic(|this| Connection {
            this: Weak::clone(this),
            inner: Mutex::new(Inner {
                rtc,
                transceivers: Vec::new(),
                channels: Channels::default(),
                negotiation: Negotiation::new(),
                watchdog: Watchdog::default(),
                local_candidates,
                events: VecDeque::new(),
                stats: ConnectionStats::default(),
                ice: IceConnectionState::New,
                state: PeerConnectionState::New,
                secured: false,
                timed_out: false,
                life: Life::Alive,
                configuration,
            }),
            wake: Arc::new(Notify::new()),
            callbacks: Callbacks::default(),
            clock: Mutex::new(Some(PlayoutClock::new(&runtime))),
        });
        let filter = net::installed_filter(&runtime);
        runtime.spawn(driver::run(Arc::clone(&connection), sockets, filter));
        Ok(Self { connection })
    }
}

impl std::ops::Deref for ConnectionHandle {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for ConnectionHandle {
    fn drop(&mut self) {
        self.connection.close();
    }
}

/// One provider for the process: making one looks through all algorithms.
fn crypto_provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(str0m::crypto::from_feature_flags())))
}

impl Connection {
    pub(crate) fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    pub(crate) fn weak(&self) -> &Weak<Self> {
        &self.this
    }

    /// The state behind the lock.
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// As [`Connection::inner`].
    ///
    /// # Errors
    /// When the connection is closed.
    pub(crate) fn open(&self) -> Result<MappedMutexGuard<'_, Inner>, RtcError> {
        MutexGuard::try_map(self.inner.lock(), |inner| (inner.life != Life::Closed).then_some(inner))
            .map_err(|_| RtcError::invalid_state("the peer connection is closed"))
    }

    /// Fires when the task has something to do.
    pub(crate) fn wake_signal(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// Makes the task look for work.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn set_configuration(&self, configuration: RtcConfiguration) -> Result<(), RtcError> {
        self.open()?.configuration = configuration;
        Ok(())
    }

    pub(crate) fn set_bitrate(&self, settings: BitrateSettings) -> Result<(), RtcError> {
        drop(self.open()?);
        let BitrateSettings { min_bitrate_bps: min, start_bitrate_bps: start, max_bitrate_bps: max } =
            settings;
        let ordered =
            |low: Option<u64>, high: Option<u64>| low.zip(high).is_none_or(|(low, high)| low <= high);
        if ordered(min, start) && ordered(start, max) && ordered(min, max) {
            Ok(())
        } else {
            Err(RtcError::internal("bitrates must be ordered: min, start, max"))
        }
    }

    pub(crate) fn add_ice_candidate(&self, candidate: &IceCandidate) -> Result<(), RtcError> {
        let mut inner = self.open()?;
        let line = candidate.candidate();
        if line.is_empty() {
            return Ok(());
        }
        // Browsers hide host addresses behind names of multicast DNS, which are not looked up.
        if line.split_whitespace().nth(4).is_some_and(|address| address.parse::<IpAddr>().is_err()) {
            log::debug!("candidate ignored, its address is a name: {line}");
            return Ok(());
        }
        let parsed = Candidate::from_sdp_string(&line).map_err(RtcError::invalid_sdp)?;
        if parsed.proto() == Protocol::Udp {
            inner.rtc.add_remote_candidate(parsed);
        } else {
            log::debug!("candidate ignored, only UDP is supported: {line}");
        }
        drop(inner);
        self.wake();
        Ok(())
    }

    pub(crate) fn create_data_channel(
        &self,
        label: &str,
        init: &DataChannelInit,
    ) -> Result<Arc<Channel>, RtcError> {
        let channel = Arc::new(Channel::new(Weak::clone(&self.this), channel_config(label, init)?));
        let needs_offer = {
            let mut inner = self.open()?;
            let inner = &mut *inner;
            inner.channels.add(Arc::clone(&channel), &mut inner.rtc)
        };
        if needs_offer {
            self.negotiation_needed();
        }
        self.wake();
        Ok(channel)
    }

    pub(crate) fn write_channel(&self, channel: &Channel, data: &[u8], binary: bool) -> bool {
        let written = {
            let mut inner = self.inner();
            let inner = &mut *inner;
            inner.life == Life::Alive && inner.channels.write(channel, &mut inner.rtc, data, binary)
        };
        if written {
            self.wake();
        }
        written
    }

    pub(crate) fn close_channel(&self, channel: &Channel) {
        {
            let mut inner = self.inner();
            let inner = &mut *inner;
            let event = inner.channels.close(channel, &mut inner.rtc);
            inner.events.extend(event);
        }
        self.wake();
    }

    /// Somebody listens to the channel now.
    pub(crate) fn deliver_inbox(&self, channel: &Channel) {
        {
            let mut inner = self.inner();
            let event = inner.channels.shared(channel).map(Event::Listener);
            inner.events.extend(event);
        }
        self.wake();
    }

    pub(crate) fn add_transceiver(
        &self,
        kind: MediaType,
        track: Option<MediaStreamTrack>,
        init: RtpTransceiverInit,
    ) -> Result<Arc<Transceiver>, RtcError> {
        if !matches!(kind, MediaType::Audio | MediaType::Video) {
            return Err(RtcError::unsupported(format_args!("a transceiver for {kind:?}")));
        }
        let transceiver = self.new_transceiver(kind, track, None, init);
        self.open()?.transceivers.push(Arc::clone(&transceiver));
        self.negotiation_needed();
        Ok(transceiver)
    }

    pub(crate) fn new_transceiver(
        &self,
        kind: MediaType,
        track: Option<MediaStreamTrack>,
        receive_track_id: Option<String>,
        init: RtpTransceiverInit,
    ) -> Arc<Transceiver> {
        let clock = self.clock.lock().clone();
        Arc::new(Transceiver::new(Weak::clone(&self.this), kind, track, receive_track_id, clock, init))
    }

    pub(crate) fn remove_track(&self, transceiver: &Arc<Transceiver>) -> Result<(), RtcError> {
        drop(self.open()?);
        if !transceiver.belongs_to(&self.this) {
            return Err(RtcError::invalid_state("the sender belongs to another peer connection"));
        }
        if transceiver.stop_sending() {
            self.negotiation_needed();
        }
        Ok(())
    }

    pub(crate) fn transceivers(&self) -> Vec<Arc<Transceiver>> {
        self.inner().transceivers.clone()
    }

    /// Tells the program that an offer is due.
    pub(crate) fn negotiation_needed(&self) {
        {
            let mut inner = self.inner();
            if inner.life == Life::Closed || inner.negotiation.signaling != SignalingState::Stable {
                return;
            }
            let number = inner.negotiation.next_needed();
            inner.events.push_back(Event::NegotiationNeeded(number));
        }
        self.wake();
    }

    pub(crate) fn restart_ice(&self) {
        self.inner().negotiation.ice_restart = true;
        self.negotiation_needed();
    }

    pub(crate) fn connection_state(&self) -> PeerConnectionState {
        self.inner().state
    }

    pub(crate) fn ice_connection_state(&self) -> IceConnectionState {
        self.inner().ice
    }

    pub(crate) fn ice_gathering_state(&self) -> IceGatheringState {
        self.inner().negotiation.gathering
    }

    pub(crate) fn signaling_state(&self) -> SignalingState {
        self.inner().negotiation.signaling
    }

    pub(crate) fn current_local_description(&self) -> Option<SessionDescription> {
        self.inner().negotiation.current_local.clone()
    }

    pub(crate) fn current_remote_description(&self) -> Option<SessionDescription> {
        self.inner().negotiation.current_remote.clone()
    }

    /// Closes the connection. The task says goodbye to the peer, tells the program and frees the sockets.
    pub(crate) fn close(&self) {
        let transceivers = {
            let mut inner = self.inner();
            if inner.life == Life::Closed {
                return;
            }
            inner.life = Life::Closed;
            if let Err(error) = inner.rtc.close() {
                log::debug!("closing: {error}");
            }
            let closed = inner.channels.close_all();
            inner.events.extend(closed);
            inner.set_signaling(SignalingState::Closed);
            inner.set_ice(IceConnectionState::Closed);
            inner.update_state();
            inner.transceivers.clone()
        };
        for transceiver in transceivers {
            transceiver.state().sender = None;
            transceiver.end_receive_track();
        }
        let clock = self.clock.lock().take();
        drop(clock);
        self.wake();
    }
}

impl Inner {
    pub(crate) fn set_ice(&mut self, state: IceConnectionState) {
        if self.ice != state {
            self.ice = state;
            self.events.push_back(Event::Ice(state));
        }
    }

    /// The peer was silent for too long.
    pub(crate) fn time_out(&mut self) {
        self.timed_out = true;
        self.set_ice(IceConnectionState::Failed);
        self.update_state();
    }

    /// The peer said goodbye: it closed DTLS or SCTP.
    ///
    /// This is no failure in itself: a DTLS transport that was closed counts as connected (W3C WebRTC, 4.3.3). Why the
    /// peer went is told in signalling, often a moment after the goodbye, which takes the shorter way. `livekit` answers
    /// a failure by making its signalling connection anew: a reason that is still under way would be lost, and a
    /// participant that was removed would join again. So the connection looks as if the peer had vanished without a word.
    pub(crate) fn part(&mut self, now: Instant) {
        if self.life == Life::Alive {
            log::debug!("the peer closed the connection");
            self.life = Life::Parted;
            self.watchdog.part(now);
        }
    }

    /// The peer that said goodbye would be missed by now.
    pub(crate) fn fall_silent(&mut self) {
        self.set_ice(IceConnectionState::Disconnected);
        self.update_state();
    }

    /// The connection cannot go on.
    pub(crate) fn die(&mut self, why: &str) {
        if self.life == Life::Alive {
            log::info!("peer connection failed: {why}");
            self.life = Life::Dead;
            self.update_state();
        }
    }

    /// Works out the state of the whole from its parts.
    pub(crate) fn update_state(&mut self) {
        let state = if self.life == Life::Closed {
            PeerConnectionState::Closed
        } else if self.life == Life::Dead || self.timed_out {
            PeerConnectionState::Failed
        } else {
            match self.ice {
                IceConnectionState::New | IceConnectionState::Max => PeerConnectionState::New,
                IceConnectionState::Checking => PeerConnectionState::Connecting,
                IceConnectionState::Connected | IceConnectionState::Completed if self.secured => {
                    PeerConnectionState::Connected
                }
                IceConnectionState::Connected | IceConnectionState::Completed => {
                    PeerConnectionState::Connecting
                }
                IceConnectionState::Disconnected => PeerConnectionState::Disconnected,
                IceConnectionState::Failed => PeerConnectionState::Failed,
                IceConnectionState::Closed => PeerConnectionState::Closed,
            }
        };
        if self.state != state {
            self.state = state;
            self.events.push_back(Event::Connection(state));
        }
    }
}
