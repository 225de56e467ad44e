//! Audio tracks.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    audio::PlayoutClock, audio_source::native::NativeAudioSource, media_stream_track::RtcTrackState,
    rtc::receive::TrackSinks,
};

struct Inner {
    id: String,
    enabled: AtomicBool,
    ended: AtomicBool,
    source: Option<NativeAudioSource>,
    sinks: TrackSinks,
}

/// A local track with a source, or a remote track that streams can be made on.
#[derive(Clone)]
pub struct RtcAudioTrack {
    inner: Arc<Inner>,
}

impl RtcAudioTrack {
    pub(crate) fn local(id: String, source: Option<NativeAudioSource>) -> Self {
        Self::new(id, source, TrackSinks::default())
    }

    pub(crate) fn remote(id: String, clock: Option<PlayoutClock>) -> Self {
        Self::new(id, None, TrackSinks::new(clock))
    }

    fn new(id: String, source: Option<NativeAudioSource>, sinks: TrackSinks) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                enabled: AtomicBool::new(true),
                ended: AtomicBool::new(false),
                source,
                sinks,
            }),
        }
    }

    /// The track's identifier.
    pub fn id(&self) -> String {
        self.inner.id.clone()
    }

    /// Whether the track is enabled; a disabled local track sends silence.
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

    pub(crate) fn source(&self) -> Option<&NativeAudioSource> {
        self.inner.source.as_ref()
    }

    pub(crate) fn sinks(&self) -> &TrackSinks {
        &self.inner.sinks
    }

    /// Marks the track as ended and ends its streams.
    pub(crate) fn end(&self) {
        self.inner.ended.store(true, Ordering::Relaxed);
        self.inner.sinks.end();
    }
}

impl fmt::Debug for RtcAudioTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtcAudioTrack")
            .field("id", &self.inner.id)
            .field("enabled", &self.enabled())
            .field("state", &self.state())
            .finish()
    }
}
