//! Video tracks: negotiated, without frames.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{media_stream_track::RtcTrackState, native::packet_trailer::PacketTrailerHandler};

struct Inner {
    id: String,
    enabled: AtomicBool,
    ended: AtomicBool,
    trailer: Mutex<Option<PacketTrailerHandler>>,
}

/// A video track. It exists so that rooms with video can be joined; no frame ever passes through it.
#[derive(Clone)]
pub struct RtcVideoTrack {
    inner: Arc<Inner>,
}

impl RtcVideoTrack {
    pub(crate) fn new(id: String) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                enabled: AtomicBool::new(true),
                ended: AtomicBool::new(false),
                trailer: Mutex::default(),
            }),
        }
    }

    /// The track's identifier.
    pub fn id(&self) -> String {
        self.inner.id.clone()
    }

    /// Whether the track is enabled.
    pub fn enabled(&self) -> bool {
        self.inner.enabled.load(Ordering::Relaxed)
    }

    /// Enables or disables the track; says whether that was a change.
    pub fn set_enabled(&self, enabled: bool) -> bool {
        self.inner.enabled.swap(enabled, Ordering::Relaxed) != enabled
    }

    /// Whether the track has ended.
    pub fn state(&self) -> RtcTrackState {
        if self.inner.ended.load(Ordering::Relaxed) { RtcTrackState::Ended } else { RtcTrackState::Live }
    }

    /// Keeps the handler for [`RtcVideoTrack::packet_trailer_handler`].
    pub fn set_packet_trailer_handler(&self, handler: PacketTrailerHandler) {
        *self.inner.trailer.lock() = Some(handler);
    }

    /// The handler that was set.
    pub fn packet_trailer_handler(&self) -> Option<PacketTrailerHandler> {
        self.inner.trailer.lock().clone()
    }

    pub(crate) fn end(&self) {
        self.inner.ended.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for RtcVideoTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtcVideoTrack").field("id", &self.inner.id).field("state", &self.state()).finish()
    }
}
