//! Makes peer connections and local tracks.

use std::{fmt, sync::Arc};

use crate::{
    MediaType, RtcError,
    peer_connection::PeerConnection,
    rtc::{capabilities, connection::ConnectionHandle},
    rtp_parameters::RtpCapabilities,
};

pub mod native;

/// A STUN or TURN server.
#[derive(Debug, Clone)]
pub struct IceServer {
    /// Such as `turn:host:port?transport=udp`.
    pub urls: Vec<String>,
    /// User name for TURN.
    pub username: String,
    /// Password for TURN.
    pub password: String,
}

/// Whether candidates are gathered once or whenever the network changes.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum ContinualGatheringPolicy {
    /// Once.
    GatherOnce,
    /// Whenever the network changes.
    GatherContinually,
}

/// Which candidates may be used.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum IceTransportsType {
    /// Relayed ones.
    Relay,
    /// All but host candidates.
    NoHost,
    /// All.
    All,
}

/// Configuration of a peer connection. Start from the default and set fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RtcConfiguration {
    /// STUN and TURN servers.
    pub ice_servers: Vec<IceServer>,
    /// When to gather.
    pub continual_gathering_policy: ContinualGatheringPolicy,
    /// What to use.
    pub ice_transport_type: IceTransportsType,
    /// Whether SCTP's INIT may travel in the SDP (SNAP); without effect here.
    pub enable_sctp_snap: bool,
}

impl Default for RtcConfiguration {
    /// No servers, gather continually, use everything.
    fn default() -> Self {
        Self {
            ice_servers: Vec::new(),
            continual_gathering_policy: ContinualGatheringPolicy::GatherContinually,
            ice_transport_type: IceTransportsType::All,
            enable_sctp_snap: false,
        }
    }
}

/// Makes peer connections and local tracks.
#[derive(Clone, Default)]
pub struct PeerConnectionFactory {
    _private: (),
}

impl PeerConnectionFactory {
    /// A factory for receivers that show video at once. The same as the default one: there is no video.
    pub fn with_zero_playout_delay() -> Self {
        Self::default()
    }

    /// A factory with options, which have no effect here: both concern video delay and early DTLS.
    pub fn with_options(zero_playout_delay: bool, enable_warp: bool) -> Self {
        let _ = (zero_playout_delay, enable_warp);
        Self::default()
    }

    /// Makes a peer connection, whose task runs on the current Tokio runtime.
    ///
    /// # Errors
    /// Outside of a Tokio runtime, or when no UDP socket can be bound.
    pub fn create_peer_connection(&self, config: RtcConfiguration) -> Result<PeerConnection, RtcError> {
        Ok(PeerConnection { handle: Arc::new(ConnectionHandle::new(config)?) })
    }

    /// What can be sent: Opus. Video codecs are listed as they are negotiated, without being coded.
    pub fn get_rtp_sender_capabilities(&self, media_type: MediaType) -> RtpCapabilities {
        capabilities::of(media_type)
    }

    /// What can be received: Opus. Video codecs are listed as they are negotiated, without being decoded.
    pub fn get_rtp_receiver_capabilities(&self, media_type: MediaType) -> RtpCapabilities {
        capabilities::of(media_type)
    }
}

impl fmt::Debug for PeerConnectionFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerConnectionFactory").finish_non_exhaustive()
    }
}
