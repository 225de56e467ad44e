//! One page of a session's segments.

use common::{LanguageTag, ids::SessionId, problem::Problem};
use serde::{Deserialize, Serialize};
use transcript::{Entry, Position, SegmentLog};
use utoipa::{IntoParams, ToSchema};

use super::item::{SegmentItem, cursor, position};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;

/// Which segments are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentQuery {
    /// In this language; all without.
    language: Option<LanguageTag>,
    /// After this cursor: a `next_cursor`, or that of an item. `0` is the beginning. Without, the newest are given.
    #[param(max_length = 19, pattern = "^[0-9]+$")]
    after: Option<String>,
    /// Before this cursor: a `previous_cursor`. Not together with `after`.
    #[param(max_length = 19, pattern = "^[0-9]+$")]
    before: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
}

/// One page of segments, in the order in which they were accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentPage {
    /// The segments.
    pub(super) items: Vec<SegmentItem>,
    /// Go on from here: `after`. Also when there is nothing more yet.
    #[schema(example = "42")]
    next_cursor: String,
    /// For what is older: `before`. `null` at the beginning.
    #[schema(required = true, example = "42")]
    previous_cursor: Option<String>,
}

/// A query that makes sense.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) session: SessionId,
    pub(super) language: Option<LanguageTag>,
    pub(super) limit: usize,
    pub(super) part: Part,
}

/// Which part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Newest,
    Before(Position),
    After(Position),
}

impl SegmentQuery {
    pub(super) fn read(self, session: SessionId) -> Result<Wanted, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let detail = format!("limit is a number from 1 to {MAX_LIMIT}");
            return Err(Problem::bad_request("invalid_limit", detail));
        }
        let part = match (self.after, self.before) {
            (None, None) => Part::Newest,
            (Some(after), None) => Part::After(read_cursor("after", &after)?),
            (None, Some(before)) => Part::Before(read_cursor("before", &before)?),
            (Some(_), Some(_)) => {
                return Err(Problem::bad_request("invalid_query", "ask for after or before, not for both"));
            }
        };
        Ok(Wanted { session, language: self.language, limit, part })
    }
}

/// Where `text`, given as `name`, points to.
pub(super) fn read_cursor(name: &str, text: &str) -> Result<Position, Problem> {
    position(text).ok_or_else(|| {
        Problem::bad_request("invalid_cursor", format!("{name} is a cursor that a page or an item gave"))
    })
}

impl Wanted {
    /// The page, out of `log`.
    pub(super) async fn page(&self, log: &dyn SegmentLog) -> Result<SegmentPage, Problem> {
        let language = self.language.as_ref();
        let (entries, begins) = match self.part {
            Part::Newest => self.backwards(log, None).await?,
            Part::Before(before) => self.backwards(log, Some(before)).await?,
            Part::After(after) => {
                let entries = log.entries_after(self.session, language, after, self.limit).await?;
                // What is before the first is at `after` or earlier.
                (entries, after == Position(0))
            }
        };
        let last = entries.last().map(|entry| entry.position);
        let (next, before) = match self.part {
            Part::Newest => (last.unwrap_or_default(), Position(0)),
            Part::Before(before) => (last.unwrap_or(Position(before.0.saturating_sub(1))), before),
            Part::After(after) => (last.unwrap_or(after), Position(after.0.saturating_add(1))),
        };
        let first = entries.first().map_or(before, |entry| entry.position);
        let previous_cursor = (!begins).then(|| cursor(first));
        let items = entries.into_iter().map(SegmentItem::from).collect();
        Ok(SegmentPage { items, next_cursor: cursor(next), previous_cursor })
    }

    /// The last entries before that position, and whether nothing is before them.
    async fn backwards(
        &self,
        log: &dyn SegmentLog,
        before: Option<Position>,
    ) -> Result<(Vec<Entry>, bool), Problem> {
        // One more than wanted tells whether there is more.
        let rows = self.limit + 1;
        let mut entries = log.entries_before(self.session, self.language.as_ref(), before, rows).await?;
        let more = entries.len() == rows;
        if more {
            entries.remove(0);
        }
        Ok((entries, !more))
    }
}
