//! The MT agent: translates the captions of a room to one language, and speaks them.

mod follow;
mod missed;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, SegmentId, SegmentState};
use inference::{Synthesizer, Translator};
use pipeline::{
    BoundedMap, Speech, SpeechConfig, SpeechEvent, SpeechFrames, Translation, TranslationConfig,
    TranslationEvent, speech::speech,
};

pub use self::follow::Follow;
use self::{follow::Gate, missed::Missed};
use crate::{Agent, AgentResult, AudioTrackWriter, JobContext, captions::Caption};

/// Segments whose track is remembered until their translation.
const REMEMBERED: usize = 1024;
/// Of what was missed, no more is handed over for translation than leaves room for what comes.
const AT_ONCE: usize = 128;

/// Its identity in the room: `agent-mt-es-ES`.
pub fn identity(language: &LanguageTag) -> String {
    format!("agent-mt-{language}")
}

/// The name of its audio track: `translation-es-ES`.
pub fn track_name(language: &LanguageTag) -> String {
    format!("translation-{language}")
}

/// The name that people are shown: `Translation es-ES`.
pub fn shown_name(language: &LanguageTag) -> String {
    format!("Translation {language}")
}

/// How it translates.
#[derive(Clone, Debug)]
pub struct MtOptions {
    /// The language to translate to.
    pub language: LanguageTag,
    /// Terms with a fixed translation.
    pub glossary: Vec<(String, String)>,
    /// For whom.
    pub follow: Follow,
    /// Since when an agent before this one may have left segments untranslated: what the job's
    /// [log](crate::ConnectOptions::segments) has of them is translated first.
    pub resume_since: Option<DateTime<Utc>>,
}

impl MtOptions {
    /// The usual ones for a language: all that is said from now on, for everybody.
    pub fn new(language: LanguageTag) -> Self {
        Self { language, glossary: Vec::new(), follow: Follow::default(), resume_since: None }
    }
}

/// Translates the final captions of a room; with a synthesizer, also speaks the translations on a track.
pub struct MtAgent {
    options: MtOptions,
    translator: Arc<dyn Translator>,
    synthesizer: Option<Arc<dyn Synthesizer>>,
}

impl MtAgent {
    /// An agent that asks `translator`, and `synthesizer` where translations are to be heard.
    pub fn new(
        options: MtOptions,
        translator: Arc<dyn Translator>,
        synthesizer: Option<Arc<dyn Synthesizer>>,
    ) -> Self {
        Self { options, translator, synthesizer }
    }

    /// Publishes the track, which then stays for the life of the job, and starts to play on it.
    async fn voice(&self, ctx: &JobContext) -> Result<Option<Speech<SegmentId>>, crate::AgentError> {
        let Some(synthesizer) = &self.synthesizer else { return Ok(None) };
        let config = SpeechConfig::new(self.options.language.clone());
        let rate = config.queue.sample_rate_hz;
        let (voice, frames) = speech(config, Arc::clone(synthesizer));
        let track = ctx.publish_audio_track(&track_name(&self.options.language), rate).await?;
        ctx.spawn(play(frames, track));
        Ok(Some(voice))
    }
}

#[async_trait]
impl Agent for MtAgent {
    async fn run(&self, ctx: JobContext) -> AgentResult {
        let mut captions = ctx.captions().subscribe();
        let language = self.options.language.to_string();
        ctx.set_attributes(BTreeMap::from([("language".to_owned(), language)])).await;
        let mut voice = self.voice(&ctx).await?;

        let config = TranslationConfig {
            glossary: self.options.glossary.clone(),
            ..TranslationConfig::new(self.options.language.clone())
        };
        let mut translation = Translation::new(config, Arc::clone(&self.translator));
        let mut tracks = BoundedMap::new(REMEMBERED);
        let mut gate = Gate::new(self.options.follow.clone(), self.options.language.clone(), ctx.followers());
        let mut missed = Missed::new(&ctx, &self.options);
        let mut open = true;
        loop {
            while open
                && translation.waiting() < AT_ONCE
                && let Some(segment) = missed.pop()
            {
                if gate.lets_through(&segment) {
                    translation.push(segment);
                }
            }
            tokio::select! {
                () = missed.progress(), if open => {}
                caption = captions.recv(), if open && !missed.comes_first() => {
                    if let Some(Caption { segment, track_sid }) = caption {
                        if gate.lets_through(&segment) {
                            tracks.insert(segment.id.clone(), track_sid);
                            translation.push(segment);
                        }
                    } else {
                        open = false;
                        translation.finish();
                    }
                }
                translated = translation.next() => match translated {
                    Some(event) => {
                        let track_sid = tracks.get(&event.segment.id).cloned().unwrap_or_default();
                        publish(&ctx, &event, track_sid);
                        if let Some(voice) = &mut voice
                            && is_to_be_heard(&event)
                            && !missed.contains(&event.segment.id)
                        {
                            voice.say(event.segment.id, event.segment.text);
                        }
                    }
                    None => break,
                },
                Some(event) = next_of(&mut voice) => tell(&event),
            }
        }
        let stats = translation.stats();
        tracing::info!(
            stats.taken,
            stats.translated,
            stats.untranslated,
            stats.overflowed,
            stats.duplicates,
            stats.retries,
            stats.unfollowed = gate.held_back(),
            "captions translated"
        );
        if let Some(voice) = &mut voice {
            voice.finish();
        }
        while let Some(event) = next_of(&mut voice).await {
            tell(&event);
        }
        Ok(())
    }
}

/// What is said once, in the target language.
fn is_to_be_heard(event: &TranslationEvent) -> bool {
    event.segment.state == SegmentState::Final && !event.untranslated
}

fn publish(ctx: &JobContext, event: &TranslationEvent, track_sid: String) {
    let TranslationEvent { segment, untranslated, timings } = event;
    tracing::info!(
        segment.id = %segment.id,
        language = %segment.language,
        untranslated,
        queued_ms = timings.queued().as_millis(),
        engine_ms = timings.engine.as_millis(),
        total_ms = timings.total.as_millis(),
        "translation"
    );
    ctx.captions().publish(Caption { segment: segment.clone(), track_sid });
}

/// The next event of the voice; `None` without one.
async fn next_of(voice: &mut Option<Speech<SegmentId>>) -> Option<SpeechEvent<SegmentId>> {
    match voice {
        Some(voice) => voice.next().await,
        None => None,
    }
}

fn tell(event: &SpeechEvent<SegmentId>) {
    match event {
        SpeechEvent::Started(id) => tracing::debug!(segment.id = %id, "speaking"),
        SpeechEvent::Finished(id) => tracing::debug!(segment.id = %id, "spoken"),
        SpeechEvent::Dropped(id) => tracing::warn!(segment.id = %id, "not spoken: too much was waiting"),
        SpeechEvent::Failed(id, error) => tracing::warn!(segment.id = %id, %error, "not spoken"),
    }
}

/// Plays the voice on its track, in real time.
async fn play(mut frames: SpeechFrames<SegmentId>, track: AudioTrackWriter) {
    let mut frame = Vec::new();
    loop {
        frames.pull(&mut frame);
        track.write(&frame).await;
    }
}
