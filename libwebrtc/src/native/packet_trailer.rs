//! Metadata of video frames. Kept for the interface: without video frames there is nothing to look up.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    peer_connection_factory::PeerConnectionFactory, rtp_receiver::RtpReceiver, rtp_sender::RtpSender,
};

/// A point on the way of a published frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishTimingStage {
    /// Handed to the encoder.
    EncoderUpload,
    /// Encoded.
    EncoderOutput,
    /// Cut into packets.
    WebrtcPacketize,
}

/// A point on the way of a received frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscribeTimingStage {
    /// Received.
    WebrtcReceive,
    /// Handed to the decoder.
    DecoderUpload,
    /// Decoded.
    DecoderOutput,
}

/// When a published frame passed a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishTimingEvent {
    /// The stage.
    pub stage: PublishTimingStage,
    /// Time of passing in microseconds.
    pub timestamp_us: u64,
    /// Time of capture in microseconds.
    pub capture_timestamp_us: u64,
    /// The frame, if numbered.
    pub frame_id: Option<u32>,
}

/// When a received frame passed a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeTimingEvent {
    /// The stage.
    pub stage: SubscribeTimingStage,
    /// Time of passing in microseconds.
    pub timestamp_us: u64,
    /// Time of capture in microseconds.
    pub capture_timestamp_us: u64,
    /// The frame, if numbered.
    pub frame_id: Option<u32>,
}

/// Told of published frames; never called here.
pub type PublishTimingObserver = Arc<dyn Fn(PublishTimingEvent) + Send + Sync + 'static>;
/// Told of received frames; never called here.
pub type SubscribeTimingObserver = Arc<dyn Fn(SubscribeTimingEvent) + Send + Sync + 'static>;

/// Looks up metadata of video frames; always empty here.
#[derive(Clone, Debug, Default)]
pub struct PacketTrailerHandler {
    enabled: Arc<AtomicBool>,
}

impl PacketTrailerHandler {
    /// Remembers the flag.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// The flag last set.
    pub fn enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Always `None`.
    pub fn lookup_frame_metadata(&self, rtp_timestamp: u32) -> Option<(u64, u32, Vec<u8>)> {
        let _ = rtp_timestamp;
        None
    }

    /// Dropped.
    pub fn store_frame_metadata(
        &self,
        capture_timestamp_us: i64,
        user_timestamp: u64,
        frame_id: u32,
        user_data: &[u8],
    ) {
        let _ = (capture_timestamp_us, user_timestamp, frame_id, user_data);
    }

    /// Accepted; the observer is never called.
    pub fn set_publish_timing_observer(&self, observer: Option<PublishTimingObserver>) {
        drop(observer);
    }

    /// Accepted; the observer is never called.
    pub fn set_subscribe_timing_observer(&self, observer: Option<SubscribeTimingObserver>) {
        drop(observer);
    }
}

/// A handler for a sender.
pub fn create_sender_handler(
    peer_factory: &PeerConnectionFactory,
    sender: &RtpSender,
) -> PacketTrailerHandler {
    let _ = (peer_factory, sender);
    PacketTrailerHandler::default()
}

/// A handler for a receiver.
pub fn create_receiver_handler(
    peer_factory: &PeerConnectionFactory,
    receiver: &RtpReceiver,
) -> PacketTrailerHandler {
    let _ = (peer_factory, receiver);
    PacketTrailerHandler::default()
}
