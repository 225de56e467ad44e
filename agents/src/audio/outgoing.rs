//! Audio tracks of our own.

use std::{borrow::Cow, time::Duration};

use livekit::{
    Room,
    options::{AudioEncoding, TrackPublishOptions},
    prelude::{LocalAudioTrack, LocalTrack, TrackSource},
    webrtc::{
        audio_frame::AudioFrame,
        audio_source::{AudioSourceOptions, RtcAudioSource, native::NativeAudioSource},
    },
};
use tokio::time::sleep;

use crate::AgentError;

/// What the track holds before it paces the writer: enough for a late wake-up, short enough not to be heard.
const QUEUE_MS: u32 = 40;
/// Speech in good quality.
const BITRATE: u64 = 32_000;

/// A track of our own: mono, published in whatever connection there is. Clones are the same track.
#[derive(Clone, Debug)]
pub struct AudioTrackWriter {
    name: String,
    source: NativeAudioSource,
}

impl AudioTrackWriter {
    pub(crate) fn new(name: &str, sample_rate_hz: u32) -> Self {
        let source = NativeAudioSource::new(AudioSourceOptions::default(), sample_rate_hz, 1, QUEUE_MS);
        Self { name: name.to_owned(), source }
    }

    /// Takes mono samples at the track's rate and returns when there is room for more: a loop over it is paced in real
    /// time, also while there is no connection. Silence costs next to nothing: Opus leaves it out.
    ///
    /// Cancel-safe in that the track goes on; some of the samples may be lost.
    pub async fn write(&self, samples: &[i16]) {
        let sample_rate = self.source.sample_rate();
        let frame = AudioFrame {
            data: Cow::Borrowed(samples),
            sample_rate,
            num_channels: 1,
            samples_per_channel: samples.len() as u32,
        };
        if let Err(error) = self.source.capture_frame(&frame).await {
            tracing::warn!(track = %self.name, %error, "audio not taken");
            sleep(Duration::from_secs_f64(samples.len() as f64 / f64::from(sample_rate))).await;
        }
    }

    /// Publishes the track in a room.
    pub(crate) async fn publish(&self, room: &Room) -> Result<(), AgentError> {
        let source = RtcAudioSource::Native(self.source.clone());
        let track = LocalAudioTrack::create_audio_track(&self.name, source);
        let options = TrackPublishOptions {
            source: TrackSource::Microphone,
            audio_encoding: Some(AudioEncoding { max_bitrate: BITRATE }),
            dtx: true,
            red: false,
            ..TrackPublishOptions::default()
        };
        let published = room.local_participant().publish_track(LocalTrack::Audio(track), options).await;
        published
            .map(|_| ())
            .map_err(|error| AgentError::Publish { name: self.name.clone(), detail: error.to_string() })
    }
}
