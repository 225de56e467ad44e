//! The id of one utterance.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Names one utterance, in every language and on its whole way: captions, speech, transcript, recording.
///
/// Made once by whoever transcribes; sorts by time of making. The text form is what travels as `lk.segment_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SegmentId(String);

impl SegmentId {
    /// The longest text that is taken as a segment id, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// A new id, different from every other.
    #[expect(clippy::disallowed_methods, reason = "this is the place made for it")]
    pub fn generate() -> Self {
        Self(format!("SG_{}", uuid::Uuid::now_v7().simple()))
    }

    /// The id as it travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "service")]
impl utoipa::PartialSchema for SegmentId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{Object, Type};
        let object = Object::builder().schema_type(Type::String).min_length(Some(1));
        let object =
            object.max_length(Some(Self::MAX_BYTES)).pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f]+$"));
        object
            .description(Some("names one utterance, in every language"))
            .examples(["SG_0192f0c12a6b7c3d8e4f5a6b7c8d9e0f"])
            .into()
    }
}

#[cfg(feature = "service")]
impl utoipa::ToSchema for SegmentId {}

/// The text cannot be a segment id: it is empty, longer than [`SegmentId::MAX_BYTES`] or has control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a segment id: {0:?}")]
pub struct InvalidSegmentId(String);

impl FromStr for SegmentId {
    type Err = InvalidSegmentId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(InvalidSegmentId(text.chars().take(40).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for SegmentId {
    type Error = InvalidSegmentId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SegmentId> for String {
    fn from(id: SegmentId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_are_distinct_and_sort_by_time() {
        let ids: Vec<_> = (0..1000).map(|_| SegmentId::generate()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.as_str().parse() == Ok(id.clone())));
    }

    #[test]
    fn unusable_texts_are_refused() {
        for text in ["", "a\nb", &"x".repeat(129)] {
            assert!(text.parse::<SegmentId>().is_err(), "{text:?}");
        }
    }
}
