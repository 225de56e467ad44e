//! `ilenia admin`: what has to be done before anybody can sign in.

