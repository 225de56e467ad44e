//! Peer connections.

use std::{fmt, sync::Arc};

use crate::{
    MediaType, RtcError,
    data_channel::{DataChannel, DataChannelInit},
    ice_candidate::IceCandidate,
    media_stream::MediaStream,
    media_stream_track::MediaStreamTrack,
    peer_connection_factory::RtcConfiguration,
    rtc::connection::ConnectionHandle,
    rtp_receiver::RtpReceiver,
    rtp_sender::RtpSender,
    rtp_transceiver::{RtpTransceiver, RtpTransceiverDirection, RtpTransceiverInit},
    session_description::SessionDescription,
    stats::RtcStats,
};

/// State of the whole connection (W3C `RTCPeerConnectionState`).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum PeerConnectionState {
    /// Nothing has happened yet.
    New,
    /// ICE or DTLS is being set up.
    Connecting,
    /// Media and data can flow.
    Connected,
    /// The peer is not heard; this may pass.
    Disconnected,
    /// The peer was not heard for too long, or DTLS or SCTP ended.
    Failed,
    /// Closed on this side.
    Closed,
}

/// State of ICE (W3C `RTCIceConnectionState`).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum IceConnectionState {
    /// Waiting for remote candidates.
    New,
    /// Trying pairs.
    Checking,
    /// A pair works, others are still tried.
    Connected,
    /// A pair works and none is left to try.
    Completed,
    /// No pair works.
    Failed,
    /// The pair in use went silent.
    Disconnected,
    /// Closed on this side.
    Closed,
    /// Not a state; the number of them.
    Max,
}

/// State of gathering local candidates.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum IceGatheringState {
    /// Not started.
    New,
    /// Under way.
    Gathering,
    /// Done.
    Complete,
}

/// State of offer and answer (RFC 9429, section 3.2).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum SignalingState {
    /// No exchange is under way.
    Stable,
    /// A local offer waits for its answer.
    HaveLocalOffer,
    /// Not used here: provisional answers are refused.
    HaveLocalPrAnswer,
    /// A remote offer waits for the local answer.
    HaveRemoteOffer,
    /// Not used here: provisional answers are refused.
    HaveRemotePrAnswer,
    /// Closed.
    Closed,
}

/// Options of an offer.
#[derive(Debug, Clone, Default)]
pub struct OfferOptions {
    /// Whether ICE starts anew with this offer.
    pub ice_restart: bool,
    /// Without effect; use a transceiver.
    pub offer_to_receive_audio: bool,
    /// Without effect; use a transceiver.
    pub offer_to_receive_video: bool,
}

/// Options of an answer.
#[derive(Debug, Clone, Default)]
pub struct AnswerOptions {}

/// Bounds of the send bitrate. Audio is sent at a constant rate, so they are checked but have no effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BitrateSettings {
    /// Lower bound in bits per second.
    pub min_bitrate_bps: Option<u64>,
    /// First estimate in bits per second.
    pub start_bitrate_bps: Option<u64>,
    /// Upper bound in bits per second.
    pub max_bitrate_bps: Option<u64>,
}

/// A candidate that could not be gathered.
#[derive(Debug, Clone)]
pub struct IceCandidateError {
    /// Local address.
    pub address: String,
    /// Local port.
    pub port: i32,
    /// The STUN or TURN server.
    pub url: String,
    /// STUN error code.
    pub error_code: i32,
    /// What went wrong.
    pub error_text: String,
}

/// A remote track that the peer began to send.
#[derive(Debug, Clone)]
pub struct TrackEvent {
    /// The receiver of the track.
    pub receiver: RtpReceiver,
    /// The streams it belongs to.
    pub streams: Vec<MediaStream>,
    /// The track.
    pub track: MediaStreamTrack,
    /// The transceiver it arrives on.
    pub transceiver: RtpTransceiver,
}

/// Called when the connection state changes.
pub type OnConnectionChange = Box<dyn FnMut(PeerConnectionState) + Send + Sync>;
/// Called with each channel that the peer opens.
pub type OnDataChannel = Box<dyn FnMut(DataChannel) + Send + Sync>;
/// Called with each local candidate.
pub type OnIceCandidate = Box<dyn FnMut(IceCandidate) + Send + Sync>;
/// Called when gathering a candidate fails.
pub type OnIceCandidateError = Box<dyn FnMut(IceCandidateError) + Send + Sync>;
/// Called when the ICE state changes.
pub type OnIceConnectionChange = Box<dyn FnMut(IceConnectionState) + Send + Sync>;
/// Called when the gathering state changes.
pub type OnIceGatheringChange = Box<dyn FnMut(IceGatheringState) + Send + Sync>;
/// Called with an event number when an offer is due.
pub type OnNegotiationNeeded = Box<dyn FnMut(u32) + Send + Sync>;
/// Called when the signalling state changes.
pub type OnSignalingChange = Box<dyn FnMut(SignalingState) + Send + Sync>;
/// Called with each remote track.
pub type OnTrack = Box<dyn FnMut(TrackEvent) + Send + Sync>;

/// A connection to one peer. Clones share it; it closes when the last one is dropped.
///
/// Callbacks run outside of the connection's locks, so they may call back into it.
#[derive(Clone)]
pub struct PeerConnection {
    pub(crate) handle: Arc<ConnectionHandle>,
}

impl PeerConnection {
    /// Takes over ICE servers and policy for the next gathering.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn set_configuration(&self, config: RtcConfiguration) -> Result<(), RtcError> {
        self.handle.set_configuration(config)
    }

    /// Checks the bounds. They have no effect, as only audio is sent.
    ///
    /// # Errors
    /// When the bounds contradict each other or the connection is closed.
    pub fn set_bitrate(&self, settings: BitrateSettings) -> Result<(), RtcError> {
        self.handle.set_bitrate(settings)
    }

    /// Describes what this side wants.
    ///
    /// # Errors
    /// When the connection is closed, or there is nothing to offer.
    pub async fn create_offer(&self, options: OfferOptions) -> Result<SessionDescription, RtcError> {
        self.handle.create_offer(&options)
    }

    /// Answers the remote offer.
    ///
    /// # Errors
    /// When there is no remote offer.
    pub async fn create_answer(&self, options: AnswerOptions) -> Result<SessionDescription, RtcError> {
        let _ = options;
        self.handle.create_answer()
    }

    /// Applies an offer or answer made here. Changes to its text have no effect.
    ///
    /// # Errors
    /// When the signalling state does not allow it.
    pub async fn set_local_description(&self, desc: SessionDescription) -> Result<(), RtcError> {
        self.handle.set_local_description(desc)
    }

    /// Applies an offer or answer of the peer.
    ///
    /// # Errors
    /// When the text cannot be applied or the signalling state does not allow it.
    pub async fn set_remote_description(&self, desc: SessionDescription) -> Result<(), RtcError> {
        self.handle.set_remote_description(&desc)
    }

    /// Adds a candidate of the peer.
    ///
    /// # Errors
    /// When it cannot be understood or the connection is closed.
    pub async fn add_ice_candidate(&self, candidate: IceCandidate) -> Result<(), RtcError> {
        self.handle.add_ice_candidate(&candidate)
    }

    /// Makes a data channel. It opens when both sides are connected.
    ///
    /// # Errors
    /// When the connection is closed or `init` makes no sense.
    pub fn create_data_channel(&self, label: &str, init: DataChannelInit) -> Result<DataChannel, RtcError> {
        self.handle.create_data_channel(label, &init).map(|inner| DataChannel { inner })
    }

    /// Adds a transceiver in both directions that sends the track.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn add_track<T: AsRef<str>>(
        &self,
        track: MediaStreamTrack,
        streams_ids: &[T],
    ) -> Result<RtpSender, RtcError> {
        let init = RtpTransceiverInit {
            direction: RtpTransceiverDirection::SendRecv,
            stream_ids: streams_ids.iter().map(|id| id.as_ref().to_owned()).collect(),
            send_encodings: Vec::new(),
        };
        self.add_transceiver(track, init).map(|transceiver| transceiver.sender())
    }

    /// Stops sending; the next offer says so.
    ///
    /// # Errors
    /// When the connection is closed or the sender belongs to another one.
    pub fn remove_track(&self, sender: RtpSender) -> Result<(), RtcError> {
        self.handle.remove_track(&sender.inner)
    }

    /// Statistics of the whole connection.
    pub async fn get_stats(&self) -> Result<Vec<RtcStats>, RtcError> {
        Ok(self.handle.stats())
    }

    /// Adds a transceiver that sends the track.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn add_transceiver(
        &self,
        track: MediaStreamTrack,
        init: RtpTransceiverInit,
    ) -> Result<RtpTransceiver, RtcError> {
        let kind = match track {
            MediaStreamTrack::Audio(_) => MediaType::Audio,
            MediaStreamTrack::Video(_) => MediaType::Video,
        };
        self.handle.add_transceiver(kind, Some(track), init).map(|inner| RtpTransceiver { inner })
    }

    /// Adds a transceiver without a track to send.
    ///
    /// # Errors
    /// When the connection is closed or `media_type` is not audio or video.
    pub fn add_transceiver_for_media(
        &self,
        media_type: MediaType,
        init: RtpTransceiverInit,
    ) -> Result<RtpTransceiver, RtcError> {
        self.handle.add_transceiver(media_type, None, init).map(|inner| RtpTransceiver { inner })
    }

    /// Closes the connection: channels and tracks end, the peer is told, the sockets are freed.
    pub fn close(&self) {
        self.handle.close();
    }

    /// Makes the next offer start ICE anew.
    pub fn restart_ice(&self) {
        self.handle.restart_ice();
    }

    /// The connection state.
    pub fn connection_state(&self) -> PeerConnectionState {
        self.handle.connection_state()
    }

    /// The ICE state.
    pub fn ice_connection_state(&self) -> IceConnectionState {
        self.handle.ice_connection_state()
    }

    /// The gathering state.
    pub fn ice_gathering_state(&self) -> IceGatheringState {
        self.handle.ice_gathering_state()
    }

    /// The signalling state.
    pub fn signaling_state(&self) -> SignalingState {
        self.handle.signaling_state()
    }

    /// The local description of the last finished exchange.
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.handle.current_local_description()
    }

    /// The remote description of the last finished exchange.
    pub fn current_remote_description(&self) -> Option<SessionDescription> {
        self.handle.current_remote_description()
    }

    /// The senders of all transceivers.
    pub fn senders(&self) -> Vec<RtpSender> {
        self.handle.transceivers().into_iter().map(|inner| RtpSender { inner }).collect()
    }

    /// The receivers of all transceivers.
    pub fn receivers(&self) -> Vec<RtpReceiver> {
        self.handle.transceivers().into_iter().map(|inner| RtpReceiver { inner }).collect()
    }

    /// All transceivers, in the order they were made in.
    pub fn transceivers(&self) -> Vec<RtpTransceiver> {
        self.handle.transceivers().into_iter().map(|inner| RtpTransceiver { inner }).collect()
    }

    /// Sets who is told of connection states.
    pub fn on_connection_state_change(&self, f: Option<OnConnectionChange>) {
        self.handle.callbacks().connection.set(f);
    }

    /// Sets who gets the peer's data channels.
    pub fn on_data_channel(&self, f: Option<OnDataChannel>) {
        self.handle.callbacks().data_channel.set(f);
    }

    /// Sets who gets local candidates.
    pub fn on_ice_candidate(&self, f: Option<OnIceCandidate>) {
        self.handle.callbacks().candidate.set(f);
    }

    /// Sets who is told of failed gathering.
    pub fn on_ice_candidate_error(&self, f: Option<OnIceCandidateError>) {
        self.handle.callbacks().candidate_error.set(f);
    }

    /// Sets who is told of ICE states.
    pub fn on_ice_connection_state_change(&self, f: Option<OnIceConnectionChange>) {
        self.handle.callbacks().ice.set(f);
    }

    /// Sets who is told of gathering states.
    pub fn on_ice_gathering_state_change(&self, f: Option<OnIceGatheringChange>) {
        self.handle.callbacks().gathering.set(f);
    }

    /// Sets who is told that an offer is due.
    pub fn on_negotiation_needed(&self, f: Option<OnNegotiationNeeded>) {
        self.handle.callbacks().negotiation_needed.set(f);
    }

    /// Sets who is told of signalling states.
    pub fn on_signaling_state_change(&self, f: Option<OnSignalingChange>) {
        self.handle.callbacks().signaling.set(f);
    }

    /// Sets who gets remote tracks.
    pub fn on_track(&self, f: Option<OnTrack>) {
        self.handle.callbacks().track.set(f);
    }
}

impl fmt::Debug for PeerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerConnection")
            .field("state", &self.connection_state())
            .field("ice_state", &self.ice_connection_state())
            .finish_non_exhaustive()
    }
}
