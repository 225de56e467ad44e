//! What the program is told, in the order it happened. Only the peer connection's task tells it.

use std::sync::Arc;

use super::{callbacks::Callbacks, channel::Channel, transceiver::Transceiver};
use crate::{
    data_channel::{DataChannel, DataChannelState},
    ice_candidate::IceCandidate,
    peer_connection::{
        IceConnectionState, IceGatheringState, PeerConnectionState, SignalingState, TrackEvent,
    },
    rtp_transceiver::RtpTransceiver,
};

/// Something to tell the program.
pub(crate) enum Event {
    Connection(PeerConnectionState),
    Ice(IceConnectionState),
    Gathering(IceGatheringState),
    Signaling(SignalingState),
    Candidate(IceCandidate),
    NegotiationNeeded(u32),
    Track(Arc<Transceiver>),
    /// The peer opened a channel.
    NewChannel(Arc<Channel>),
    ChannelState(Arc<Channel>, DataChannelState),
    Message {
        channel: Arc<Channel>,
        data: Vec<u8>,
        binary: bool,
    },
    /// Somebody listens now: hand on what waits.
    Listener(Arc<Channel>),
    /// Bytes have left the send buffer.
    Drained(Arc<Channel>, u64),
}

impl Event {
    /// Tells the program. Must not be called with a lock held.
    pub(crate) fn deliver(self, callbacks: &Callbacks) {
        match self {
            Self::Connection(state) => {
                callbacks.connection.call(|callback| callback(state));
            }
            Self::Ice(state) => {
                callbacks.ice.call(|callback| callback(state));
            }
            Self::Gathering(state) => {
                callbacks.gathering.call(|callback| callback(state));
            }
            Self::Signaling(state) => {
                callbacks.signaling.call(|callback| callback(state));
            }
            Self::Candidate(candidate) => {
                callbacks.candidate.call(|callback| callback(candidate));
            }
            Self::NegotiationNeeded(number) => {
                callbacks.negotiation_needed.call(|callback| callback(number));
            }
            Self::Track(inner) => {
                let transceiver = RtpTransceiver { inner };
                let receiver = transceiver.receiver();
                let event = TrackEvent {
                    streams: receiver.streams(),
                    track: transceiver.inner.receive_track(),
                    receiver,
                    transceiver,
                };
                callbacks.track.call(|callback| callback(event));
            }
            Self::NewChannel(inner) => {
                callbacks.data_channel.call(|callback| callback(DataChannel { inner }));
            }
            Self::ChannelState(channel, state) => channel.enter(state),
            Self::Message { channel, data, binary } => channel.receive(data, binary),
            Self::Listener(channel) => channel.deliver(),
            Self::Drained(channel, bytes) => channel.report_drained(bytes),
        }
    }
}
