//! A segment as the attributes of a text stream, and back.

use std::collections::HashMap;

use common::{
    LanguageTag, Segment, SegmentState, ids::InvalidSegmentId, language::InvalidLanguageTag,
    segment::InvalidSegmentState,
};

use super::Caption;

const SEGMENT_ID: &str = "lk.segment_id";
const TRACK_ID: &str = "lk.transcribed_track_id";
const FINAL: &str = "lk.transcription_final";
const LANGUAGE: &str = "language";
const TRANSLATED: &str = "translated";
const SOURCE_LANGUAGE: &str = "source_language";
const START_MS: &str = "start_ms";
const END_MS: &str = "end_ms";
const REVISION: &str = "revision";
const STATE: &str = "state";

/// The stream is no caption of ours. A retry does not help; other agents' transcriptions are expected to be like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCaption {
    /// An attribute that we need is not there: another agent's stream, most likely.
    #[error("no attribute {0}")]
    Missing(&'static str),
    /// A number is none.
    #[error("attribute {name} is not a number: {value:?}")]
    NotANumber {
        /// The attribute.
        name: &'static str,
        /// Its value, shortened.
        value: String,
    },
    /// The segment id cannot be one.
    #[error(transparent)]
    SegmentId(#[from] InvalidSegmentId),
    /// A language tag is none.
    #[error(transparent)]
    Language(#[from] InvalidLanguageTag),
    /// The state is unknown.
    #[error(transparent)]
    State(#[from] InvalidSegmentState),
    /// The segment ends before it starts.
    #[error("the segment ends at {end_ms} ms, before its start at {start_ms} ms")]
    BackInTime {
        /// Start on the media clock.
        start_ms: u64,
        /// End on the media clock.
        end_ms: u64,
    },
}

impl Caption {
    /// The attributes of the stream that carries it.
    pub fn attributes(&self) -> HashMap<String, String> {
        let segment = &self.segment;
        let pairs = [
            (SEGMENT_ID, segment.id.to_string()),
            (TRACK_ID, self.track_sid.clone()),
            (FINAL, segment.state.is_settled().to_string()),
            (LANGUAGE, segment.language.to_string()),
            (TRANSLATED, segment.is_translated().to_string()),
            (SOURCE_LANGUAGE, segment.source_language.to_string()),
            (START_MS, segment.start_ms.to_string()),
            (END_MS, segment.end_ms.to_string()),
            (REVISION, segment.revision.to_string()),
            (STATE, segment.state.to_string()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Reads back what [`attributes`](Self::attributes) wrote. `sender` is the stream's sender, `text` its text.
    ///
    /// `translated` and `lk.transcription_final` are not read: they follow from the languages and the state. A stream
    /// without `source_language` is taken as untranslated, one without a track as of no track.
    pub fn parse(
        attributes: &HashMap<String, String>,
        sender: &str,
        text: String,
    ) -> Result<Self, InvalidCaption> {
        let get = |name| attributes.get(name).map(String::as_str);
        let need = |name| get(name).ok_or(InvalidCaption::Missing(name));
        let language: LanguageTag = need(LANGUAGE)?.parse()?;
        let state: SegmentState = need(STATE)?.parse()?;
        let (start_ms, end_ms) = (number(START_MS, need(START_MS)?)?, number(END_MS, need(END_MS)?)?);
        if end_ms < start_ms {
            return Err(InvalidCaption::BackInTime { start_ms, end_ms });
        }
        let segment = Segment {
            id: need(SEGMENT_ID)?.parse()?,
            speaker: sender.to_owned(),
            source_language: get(SOURCE_LANGUAGE).map_or_else(|| Ok(language.clone()), str::parse)?,
            language,
            text: if state == SegmentState::Withdrawn { String::new() } else { text },
            start_ms,
            end_ms,
            revision: number(REVISION, need(REVISION)?)?,
            state,
        };
        Ok(Self { segment, track_sid: get(TRACK_ID).unwrap_or_default().to_owned() })
    }
}

fn number<T: std::str::FromStr>(name: &'static str, value: &str) -> Result<T, InvalidCaption> {
    value.parse().map_err(|_| InvalidCaption::NotANumber { name, value: value.chars().take(40).collect() })
}

#[cfg(test)]
mod tests {
    use common::SegmentId;
    use proptest::prelude::*;

    use super::*;

    fn tag(text: &str) -> LanguageTag {
        text.parse().expect("a tag")
    }

    fn caption() -> Caption {
        Caption {
            segment: Segment {
                id: SegmentId::generate(),
                speaker: "speaker-7".into(),
                language: tag("es-ES"),
                source_language: tag("en-US"),
                text: "hola".into(),
                start_ms: 1_200,
                end_ms: 3_400,
                revision: 2,
                state: SegmentState::Final,
            },
            track_sid: "TR_abc".into(),
        }
    }

    #[test]
    fn the_attributes_are_those_of_the_contract() {
        let caption = caption();
        let attributes = caption.attributes();
        let expected = [
            ("lk.segment_id", caption.segment.id.as_str()),
            ("lk.transcribed_track_id", "TR_abc"),
            ("lk.transcription_final", "true"),
            ("language", "es-ES"),
            ("translated", "true"),
            ("source_language", "en-US"),
            ("start_ms", "1200"),
            ("end_ms", "3400"),
            ("revision", "2"),
            ("state", "final"),
        ];
        assert_eq!(attributes, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn an_interim_is_not_final_and_everything_else_is() {
        for (state, settled) in [
            (SegmentState::Interim, "false"),
            (SegmentState::Final, "true"),
            (SegmentState::Corrected, "true"),
            (SegmentState::Withdrawn, "true"),
        ] {
            let mut caption = caption();
            caption.segment.state = state;
            assert_eq!(caption.attributes()[FINAL], settled);
        }
    }

    #[test]
    fn streams_of_others_are_told_from_ours_by_what_is_missing() {
        let foreign = HashMap::from([
            (SEGMENT_ID.to_owned(), "SG_1".to_owned()),
            (FINAL.to_owned(), "true".to_owned()),
            (TRACK_ID.to_owned(), "TR_1".to_owned()),
        ]);
        let error = Caption::parse(&foreign, "agent-x", "hi".into()).expect_err("not ours");
        assert_eq!(error, InvalidCaption::Missing(LANGUAGE));
    }

    #[test]
    fn malformed_attributes_are_named() {
        for (name, value, expected) in [
            (START_MS, "soon", "start_ms is not a number: \"soon\""),
            (END_MS, "1", "ends at 1 ms, before its start at 1200 ms"),
            (REVISION, "-1", "revision is not a number"),
            (LANGUAGE, "es_ES", "es_ES"),
            (STATE, "done", "not a segment state"),
            (SEGMENT_ID, "", "not a segment id"),
        ] {
            let mut attributes = caption().attributes();
            attributes.insert(name.to_owned(), value.to_owned());
            let error = Caption::parse(&attributes, "x", String::new()).expect_err(name).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    fn any_caption() -> impl Strategy<Value = Caption> {
        let states = prop::sample::select(vec![
            SegmentState::Interim,
            SegmentState::Final,
            SegmentState::Corrected,
            SegmentState::Withdrawn,
        ]);
        let tags = || prop::sample::select(vec!["en-US", "es-ES", "ca-ES", "zh-Hant-TW", "de"]).prop_map(tag);
        let id = "[!-~]{1,128}".prop_map(|text| text.parse::<SegmentId>().expect("an id"));
        (
            id,
            "\\PC{0,40}",
            tags(),
            tags(),
            ".{0,80}",
            any::<u32>(),
            any::<u32>(),
            any::<u32>(),
            states,
            "(TR_[a-z]{8})?",
        )
            .prop_map(
                |(
                    id,
                    speaker,
                    language,
                    source_language,
                    text,
                    start,
                    length,
                    revision,
                    state,
                    track_sid,
                )| {
                    let text = if state == SegmentState::Withdrawn { String::new() } else { text };
                    let (start_ms, end_ms) = (u64::from(start), u64::from(start) + u64::from(length));
                    let segment = Segment {
                        id,
                        speaker,
                        language,
                        source_language,
                        text,
                        start_ms,
                        end_ms,
                        revision,
                        state,
                    };
                    Caption { segment, track_sid }
                },
            )
    }

    proptest! {
        #[test]
        fn every_caption_reads_back(caption in any_caption()) {
            let parsed = Caption::parse(&caption.attributes(), &caption.segment.speaker, caption.segment.text.clone());
            prop_assert_eq!(parsed, Ok(caption));
        }

        #[test]
        fn no_attributes_make_it_panic(attributes in prop::collection::hash_map(
            prop::sample::select(vec![SEGMENT_ID, TRACK_ID, FINAL, LANGUAGE, TRANSLATED, SOURCE_LANGUAGE, START_MS, END_MS, REVISION, STATE])
                .prop_map(str::to_owned),
            ".{0,200}", 0..10,
        )) {
            let _ = Caption::parse(&attributes, "x", String::new());
        }
    }
}
