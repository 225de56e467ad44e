//! Tokens of our own for other services: the OAuth2 client-credentials grant (RFC 6749, section 4.4).
