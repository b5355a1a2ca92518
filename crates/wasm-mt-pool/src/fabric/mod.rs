//! How jobs reach the workers and steal from one another. A backend a platform.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;
