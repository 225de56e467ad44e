//! What an agent is given.

use std::{collections::BTreeMap, sync::Arc};

use crate::{AgentError, captions::Captions};

/// One job in one room. Clones are the same job.
#[derive(Clone)]
pub struct JobContext {}

impl JobContext {
    /// The room's name.
    pub fn room_name(&self) -> &str {
        unimplemented!()
    }

    /// Who we are in the room.
    pub fn identity(&self) -> &str {
        unimplemented!()
    }

    /// What the job is about: [`crate::ConnectOptions::metadata`].
    pub fn metadata(&self) -> &str {
        unimplemented!()
    }

    /// The LiveKit room of the present connection; after an interruption it is another one.
    pub fn room(&self) -> Arc<livekit::Room> {
        unimplemented!()
    }

    /// Captions, in both directions.
    pub fn captions(&self) -> &Captions {
        unimplemented!()
    }

    /// Resolves when the job is to end. Cancel-safe.
    pub async fn shutdown(&self) {
        unimplemented!()
    }

    /// The audio of everybody who speaks (not of agents): tracks that are there, then those that come.
    pub fn speakers(&self) -> Speakers {
        unimplemented!()
    }

    /// The audio track of that name, whoever publishes it, e.g. `translation-es-ES`.
    pub fn track_named(&self, name: &str) -> Speakers {
        unimplemented!()
    }

    /// Publishes a mono audio track, and publishes it again after every interruption.
    pub async fn publish_audio_track(
        &self,
        name: &str,
        sample_rate_hz: u32,
    ) -> Result<AudioTrackWriter, AgentError> {
        unimplemented!()
    }

    /// Sets participant attributes, now and after every interruption.
    pub async fn set_attributes(&self, attributes: BTreeMap<String, String>) -> Result<(), AgentError> {
        unimplemented!()
    }

    /// Runs a task that ends with the job at the latest.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        unimplemented!()
    }
}

/// Audio tracks, as they come.
pub struct Speakers {}

impl Speakers {
    /// The next track; `None` when the job ends. Cancel-safe.
    pub async fn next(&mut self) -> Option<SpeakerTrack> {
        unimplemented!()
    }
}

/// One audio track, from its subscription to its end. Clones are the same track.
#[derive(Clone, Debug)]
pub struct SpeakerTrack {
    /// Who publishes it.
    pub identity: String,
    /// `TR_…`
    pub sid: String,
    /// Its name.
    pub name: String,
}

impl SpeakerTrack {
    /// Its sound: mono frames of 10 ms at `sample_rate_hz`.
    pub fn frames(&self, sample_rate_hz: u32) -> AudioFrames {
        unimplemented!()
    }
}

/// The sound of one track.
pub struct AudioFrames {}

impl AudioFrames {
    /// The next frame; `None` when the track ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<media::AudioFrame> {
        unimplemented!()
    }
}

/// A track of our own.
#[derive(Clone)]
pub struct AudioTrackWriter {}

impl AudioTrackWriter {
    /// Takes mono samples at the track's rate, in whole multiples of 10 ms, and returns when there is room for more:
    /// so a loop over it is paced in real time.
    pub async fn write(&self, samples: &[i16]) {
        unimplemented!()
    }
}
