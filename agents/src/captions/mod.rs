//! Captions in the room: segments as text streams on topic `lk.transcription`.

use common::Segment;

/// The topic, as LiveKit's own clients expect it.
pub const TOPIC: &str = "lk.transcription";

/// A segment, and where in the room it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The segment; its `speaker` is the sender of the stream.
    pub segment: Segment,
    /// The track that was transcribed, `TR_…`; empty when unknown.
    pub track_sid: String,
}

/// Captions of one job, in both directions.
#[derive(Clone)]
pub struct Captions {}

impl Captions {
    /// Sends a caption on behalf of its speaker. Never blocks.
    ///
    /// A final that cannot be sent now is kept and sent after the reconnect; an interim is not.
    pub fn publish(&self, caption: Caption) {
        unimplemented!()
    }

    /// Waits until everything published so far is sent. Cancel-safe.
    pub async fn flush(&self) {
        unimplemented!()
    }

    /// What others publish from now on.
    pub fn subscribe(&self) -> CaptionReceiver {
        unimplemented!()
    }
}

/// Captions as they arrive: each update of a segment once, never an older one after a newer.
pub struct CaptionReceiver {}

impl CaptionReceiver {
    /// The next caption; `None` when the job ends. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Caption> {
        unimplemented!()
    }
}
