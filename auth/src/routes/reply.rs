//! What the directory's answers have in common.

use std::collections::BTreeSet;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{problem::Json, service::etag::ETag};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// 201 with the new thing, its version and its address.
///
/// The address is relative (RFC 9110, section 10.2.2): it holds under every prefix that a proxy or a version adds.
pub(crate) fn created<T: Serialize>(collection: &str, id: &str, version: i64, body: T) -> Response {
    let mut response = (StatusCode::CREATED, ETag(version), Json(body)).into_response();
    // Ids are of characters that a header and a path may have.
    if let Ok(address) = HeaderValue::from_str(&format!("{collection}/{id}")) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// A field that may be absent, and is not `null` unless `T` takes it.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A list in which nothing is named twice, as its schema says (`uniqueItems`).
pub(crate) fn distinct<'de, D: Deserializer<'de>, T: Deserialize<'de> + Ord>(
    deserializer: D,
) -> Result<BTreeSet<T>, D::Error> {
    let items = Vec::<T>::deserialize(deserializer)?;
    let named = items.len();
    let set = BTreeSet::from_iter(items);
    if set.len() == named { Ok(set) } else { Err(D::Error::custom("names something twice")) }
}

/// The same for a field that may be absent.
pub(crate) fn present_distinct<'de, D: Deserializer<'de>, T: Deserialize<'de> + Ord>(
    deserializer: D,
) -> Result<Option<BTreeSet<T>>, D::Error> {
    distinct(deserializer).map(Some)
}
