//! Long lists in pages, by cursor.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// As many as are given when nothing is said.
pub const DEFAULT_LIMIT: u32 = 50;
/// As many as are given at most.
pub const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted. Flatten it into the query of an operation, or take it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Where to go on and how many to give. `K` is the list's own key, whatever its order needs.
    ///
    /// Errors: 400 `invalid_limit`, `invalid_cursor`.
    pub fn read<K: DeserializeOwned>(&self) -> Result<PageRequest<K>, Problem> {
        read(self.limit, self.cursor.as_deref())
    }
}

/// As [`PageQuery::read`], for queries that have the two fields among others.
pub fn read<K: DeserializeOwned>(
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<PageRequest<K>, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(
            "invalid_limit",
            format!("limit is a number from 1 to {MAX_LIMIT}"),
        ));
    }
    let after = cursor.map(decode).transpose()?;
    Ok(PageRequest { limit, after })
}

/// A page to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// How many items at most, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// The key of the last item of the page before.
    pub after: Option<K>,
}

impl<K: Serialize> PageRequest<K> {
    /// How many rows to ask for: one more than wanted tells whether there is a next page.
    pub fn rows(&self) -> usize {
        self.limit as usize + 1
    }

    /// The page of `items`, of which [`Self::rows`] were asked for; `key` gives that of an item.
    pub fn page<T>(&self, mut items: Vec<T>, key: impl FnOnce(&T) -> K) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next_cursor = items.last().filter(|_| more).map(|last| encode(&key(last)));
        Page { items, next_cursor }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// For the next page; `null` after the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The same page with other items.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next_cursor: self.next_cursor }
    }
}

fn encode<K: Serialize>(key: &K) -> String {
    // Keys are numbers, texts and times: they can be written.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.ok_or_else(|| Problem::bad_request("invalid_cursor", "cursor is what next_cursor of a page gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<i32> = (0..7).collect();
        let (mut seen, mut query) = (Vec::new(), PageQuery { limit: Some(3), cursor: None });
        loop {
            let request: PageRequest<i32> = query.read().expect("a page");
            let rows = all.iter().copied().filter(|n| request.after.is_none_or(|after| *n > after));
            let page = request.page(rows.take(request.rows()).collect(), |n| *n);
            seen.extend(page.items);
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn nonsense_is_refused() {
        for (limit, cursor) in [(Some(0), None), (Some(201), None), (None, Some("%%%")), (None, Some("AAAA"))]
        {
            assert!(read::<i32>(limit, cursor).is_err(), "{limit:?} {cursor:?}");
        }
    }
}
