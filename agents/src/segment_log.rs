//! Where the settled captions of a job are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment};

/// Keeps what was said, beyond the room: [`crate::ConnectOptions::segments`].
///
/// [`crate::captions::Captions::publish`] writes every settled caption to it, once, whether the room is there or not.
#[async_trait]
pub trait SegmentLog: Send + Sync + 'static {
    /// Takes a settled segment. Never blocks: what cannot be written now waits.
    fn write(&self, segment: Segment);

    /// Waits until everything written so far is kept; as long as it takes. Cancel-safe.
    async fn flush(&self);

    /// What was said at `since` or later and has no translation to `language`, by media time. Waits until the log
    /// can be asked, as long as it takes. Cancel-safe.
    async fn untranslated(&self, language: &LanguageTag, since: DateTime<Utc>) -> Vec<Segment>;
}
