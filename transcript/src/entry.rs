//! What the log holds.

use chrono::{DateTime, Utc};
use common::Segment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an entry stands in the log of its session: 1, 2, 3, … without gaps, in the order in which readers see entries.
/// Zero is before the first. A reader's cursor is the position of the last entry it has.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
#[schema(example = 42)]
pub struct Position(pub u64);

/// One revision of one segment in one language, as it was accepted. Never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// When it was accepted.
    pub written_at: DateTime<Utc>,
    /// What was said: settled, never an interim.
    pub segment: Segment,
}
