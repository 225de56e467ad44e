//! The stream a remote track belongs to.

use std::fmt;

use crate::{audio_track::RtcAudioTrack, media_stream_track::MediaStreamTrack, video_track::RtcVideoTrack};

/// A named group of remote tracks, from the `msid` of a remote description.
#[derive(Clone)]
pub struct MediaStream {
    id: String,
    tracks: Vec<MediaStreamTrack>,
}

impl MediaStream {
    pub(crate) fn new(id: String, tracks: Vec<MediaStreamTrack>) -> Self {
        Self { id, tracks }
    }

    /// The identifier from the `msid` attribute.
    pub fn id(&self) -> String {
        self.id.clone()
    }

    /// The audio tracks of the stream.
    pub fn audio_tracks(&self) -> Vec<RtcAudioTrack> {
        self.tracks
            .iter()
            .filter_map(|track| match track {
                MediaStreamTrack::Audio(audio) => Some(audio.clone()),
                MediaStreamTrack::Video(_) => None,
            })
            .collect()
    }

    /// The video tracks of the stream.
    pub fn video_tracks(&self) -> Vec<RtcVideoTrack> {
        self.tracks
            .iter()
            .filter_map(|track| match track {
                MediaStreamTrack::Video(video) => Some(video.clone()),
                MediaStreamTrack::Audio(_) => None,
            })
            .collect()
    }
}

impl fmt::Debug for MediaStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaStream").field("id", &self.id).field("tracks", &self.tracks).finish()
    }
}
