//! stub
#![allow(dead_code, clippy::all, clippy::pedantic, missing_docs)]
use std::sync::Arc;
use super::{callbacks::Callbacks, channel::Channel, transceiver::Transceiver};
use crate::{*, data_channel::*, ice_candidate::*, media_stream_track::*, peer_connection::*, peer_connection_factory::*, rtp_transceiver::*, session_description::*, stats::*};
pub(crate) struct Connection {}
impl Connection {
    pub(crate) fn write_channel(&self, _c: &Channel, _d: &[u8], _b: bool) -> bool { false }
    pub(crate) fn close_channel(&self, _c: &Channel) {}
    pub(crate) fn deliver_inbox(&self, _c: &Channel) {}
    pub(crate) fn wake(&self) {}
    pub(crate) fn negotiation_needed(&self) {}
    pub(crate) fn sender_stats(&self, _: &Transceiver) -> Vec<RtcStats> { vec![] }
    pub(crate) fn receiver_stats(&self, _: &Transceiver) -> Vec<RtcStats> { vec![] }
}
pub(crate) struct ConnectionHandle { callbacks: Callbacks }
fn no<T>() -> Result<T, RtcError> { Err(RtcError::unsupported("this")) }
impl ConnectionHandle {
    pub(crate) fn new(_c: RtcConfiguration) -> Result<Self, RtcError> { no() }
    pub(crate) fn callbacks(&self) -> &Callbacks { &self.callbacks }
    pub(crate) fn set_configuration(&self, _c: RtcConfiguration) -> Result<(), RtcError> { no() }
    pub(crate) fn set_bitrate(&self, _c: BitrateSettings) -> Result<(), RtcError> { no() }
    pub(crate) fn create_offer(&self, _c: &OfferOptions) -> Result<SessionDescription, RtcError> { no() }
    pub(crate) fn create_answer(&self) -> Result<SessionDescription, RtcError> { no() }
    pub(crate) fn set_local_description(&self, _d: SessionDescription) -> Result<(), RtcError> { no() }
    pub(crate) fn set_remote_description(&self, _d: &SessionDescription) -> Result<(), RtcError> { no() }
    pub(crate) fn add_ice_candidate(&self, _d: &IceCandidate) -> Result<(), RtcError> { no() }
    pub(crate) fn create_data_channel(&self, _l: &str, _i: &DataChannelInit) -> Result<Arc<Channel>, RtcError> { no() }
    pub(crate) fn remove_track(&self, _t: &Arc<Transceiver>) -> Result<(), RtcError> { no() }
    pub(crate) fn stats(&self) -> Vec<RtcStats> { vec![] }
    pub(crate) fn add_transceiver(&self, _k: MediaType, _t: Option<MediaStreamTrack>, _i: RtpTransceiverInit) -> Result<Arc<Transceiver>, RtcError> { no() }
    pub(crate) fn close(&self) {}
    pub(crate) fn restart_ice(&self) {}
    pub(crate) fn connection_state(&self) -> PeerConnectionState { PeerConnectionState::New }
    pub(crate) fn ice_connection_state(&self) -> IceConnectionState { IceConnectionState::New }
    pub(crate) fn ice_gathering_state(&self) -> IceGatheringState { IceGatheringState::New }
    pub(crate) fn signaling_state(&self) -> SignalingState { SignalingState::Stable }
    pub(crate) fn current_local_description(&self) -> Option<SessionDescription> { None }
    pub(crate) fn current_remote_description(&self) -> Option<SessionDescription> { None }
    pub(crate) fn transceivers(&self) -> Vec<Arc<Transceiver>> { vec![] }
}
