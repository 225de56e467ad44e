//! Whatever comes as a token, nothing panics, and only what the issuer signed is accepted.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::access::{
    Verifier,
    testing::{TestIssuer, TestKey},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| TestIssuer::new().verifier(None));

fn accepted(token: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(VERIFIER.verify(token)).is_ok()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from))
}

fn any_claims() -> impl Strategy<Value = Map<String, Value>> {
    let names = [
        "iss",
        "aud",
        "sub",
        "jti",
        "iat",
        "iat_ms",
        "exp",
        "nbf",
        "token_use",
        "roles",
        "permissions",
        "customer_id",
        "client_id",
        "scope",
        "other",
    ];
    prop::collection::vec((prop::sample::select(names.to_vec()), any_json()), 0..4)
        .prop_map(|claims| claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        prop_assert!(!accepted(&text));
    }

    #[test]
    fn arbitrary_parts_are_refused(parts in prop::collection::vec("[A-Za-z0-9_=-]{0,40}", 0..5)) {
        prop_assert!(!accepted(&parts.join(".")));
    }

    #[test]
    fn arbitrary_headers_and_claims_with_a_right_signature_do_no_harm(
        header in any_json(),
        claims in any_claims(),
    ) {
        let mut token = TestIssuer::new().user();
        for (name, value) in claims {
            token = token.claim(&name, value);
        }
        accepted(&token.sign());
        let message = format!("{}.e30", URL_SAFE_NO_PAD.encode(json!({"alg": header, "kid": "test-1"}).to_string()));
        let signature = URL_SAFE_NO_PAD.encode(TestKey::shared().sign(message.as_bytes()));
        let token = format!("{message}.{signature}");
        prop_assert!(!accepted(&token));
    }

    #[test]
    fn one_changed_letter_is_one_too_many(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_-]") {
        let token = TestIssuer::new().user().sign();
        let at = at.index(token.len());
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(accepted(&changed), changed == token);
    }
}
