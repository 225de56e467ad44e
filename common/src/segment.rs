//! The segment: one utterance in one language, at one revision.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{LanguageTag, SegmentId};

/// How settled a segment's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema), schema(example = "final"))]
#[serde(rename_all = "lowercase")]
pub enum SegmentState {
    /// May still change; shown, never stored.
    Interim,
    /// Settled: changes only by a new revision.
    Final,
    /// Settled anew by a person.
    Corrected,
    /// Taken back; its text is empty.
    Withdrawn,
}

impl SegmentState {
    /// The word that travels in the `state` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interim => "interim",
            Self::Final => "final",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether no later update of the same revision follows: everything but `interim`.
    pub fn is_settled(self) -> bool {
        self != Self::Interim
    }
}

impl fmt::Display for SegmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of `interim`, `final`, `corrected`, `withdrawn`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a segment state: {0:?}")]
pub struct InvalidSegmentState(String);

impl FromStr for SegmentState {
    type Err = InvalidSegmentState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Interim, Self::Final, Self::Corrected, Self::Withdrawn]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| InvalidSegmentState(text.chars().take(40).collect()))
    }
}

/// One utterance in one language. Its id is the same in all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema), schema(example = json!({
    "id": "SG_0192f0c12a6b7c3d8e4f5a6b7c8d9e0f", "speaker": "speaker-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
    "language": "es-ES", "source_language": "en-US", "text": "Bienvenidos a la asamblea.", "start_ms": 1_200,
    "end_ms": 3_400, "revision": 0, "state": "final"
})))]
pub struct Segment {
    /// Which utterance.
    pub id: SegmentId,
    /// Who said it: the participant identity, or the legacy speaker's user id.
    pub speaker: String,
    /// The language of `text`.
    pub language: LanguageTag,
    /// The language that was spoken; equal to `language` unless translated.
    pub source_language: LanguageTag,
    /// The caption and nothing else.
    pub text: String,
    /// First sample of speech on the session's media clock, milliseconds.
    pub start_ms: u64,
    /// End of speech on the session's media clock, milliseconds.
    pub end_ms: u64,
    /// Counts the updates of this segment in this language, from 0.
    pub revision: u32,
    /// How settled the text is.
    pub state: SegmentState,
}

impl Segment {
    /// Whether the text is a translation of what was said.
    pub fn is_translated(&self) -> bool {
        self.language != self.source_language
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_what_they_write() {
        for state in
            [SegmentState::Interim, SegmentState::Final, SegmentState::Corrected, SegmentState::Withdrawn]
        {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).expect("json"), format!("\"{state}\""));
        }
        assert!("FINAL".parse::<SegmentState>().is_err());
    }
}
