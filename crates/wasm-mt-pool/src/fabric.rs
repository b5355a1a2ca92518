//! How jobs travel to the workers and back.

mod post;
