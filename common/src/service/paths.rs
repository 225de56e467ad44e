//! Every operation answers bare and under the service's version; a service's collection also at its root.

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

/// What may stand before an operation's own path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    version: &'static str,
    collection: Option<&'static str>,
}

impl Prefixes {
    /// `version` as `v1`; `collection` (as `/events`) is also served at the root: `/123457` is `/events/123457`.
    pub(super) fn new(version: &'static str, collection: Option<&'static str>) -> Self {
        Self { version, collection }
    }

    /// The request for the operation's own path.
    pub(super) fn strip<B>(self, mut request: axum::http::Request<B>) -> axum::http::Request<B> {
        if let Some(path) = self.own_path(request.uri().path()) {
            let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
            let mut parts = request.uri().clone().into_parts();
            // What was a path stays one.
            parts.path_and_query =
                format!("{path}{query}").parse::<PathAndQuery>().ok().or(parts.path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
        request
    }

    /// `None`: it is already.
    fn own_path(self, path: &str) -> Option<String> {
        let bare = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(self.version));
        let bare = bare.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let rest = bare.unwrap_or(path);
        let at_root = self.collection.filter(|_| {
            let first = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
            rest.len() <= 1 || first.starts_with(|character: char| character.is_ascii_digit())
        });
        match (at_root, bare) {
            (Some(collection), _) => Some(format!("{collection}{}", rest.trim_end_matches('/'))),
            (None, Some("")) => Some("/".to_owned()),
            (None, Some(rest)) => Some(rest.to_owned()),
            (None, None) => None,
        }
    }
}

/// So that the type of requests is the router's.
const _: fn(Prefixes, Request) -> Request = Prefixes::strip;

#[cfg(test)]
mod tests {
    use super::*;

    fn path(prefixes: Prefixes, uri: &str) -> String {
        let request = Request::builder().uri(uri).body(axum::body::Body::empty()).expect("a request");
        prefixes.strip(request).uri().to_string()
    }

    #[test]
    fn a_version_is_optional() {
        let auth = Prefixes::new("v2", None);
        for (asked, own) in [
            ("/login", "/login"),
            ("/v2/login", "/login"),
            ("/v2/.well-known/jwks.json", "/.well-known/jwks.json"),
            ("/v2", "/"),
            ("/v1/login", "/v1/login"),
            ("/v22/login", "/v22/login"),
            ("/v2/users?limit=2", "/users?limit=2"),
            ("/", "/"),
        ] {
            assert_eq!(path(auth, asked), own, "{asked}");
        }
    }

    #[test]
    fn a_collection_is_also_at_the_root() {
        let events = Prefixes::new("v1", Some("/events"));
        for (asked, own) in [
            ("/events/123457", "/events/123457"),
            ("/v1/events/123457", "/events/123457"),
            ("/123457", "/events/123457"),
            ("/v1/123457/state", "/events/123457/state"),
            ("/?state=live", "/events?state=live"),
            ("/v1", "/events"),
            ("/v1/", "/events"),
            ("/v1?limit=1", "/events?limit=1"),
            ("/templates", "/templates"),
            ("/health", "/health"),
            ("/v1/ready", "/ready"),
        ] {
            assert_eq!(path(events, asked), own, "{asked}");
        }
    }
}
