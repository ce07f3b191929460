//! The HTTP interface over the whole product, with a virtual clock and a store in memory. One binary.

mod admin;
mod api_keys;
mod app_notifications;
mod conversations;
mod edges;
mod matrix;
mod openapi;
mod previews;
mod reference;
mod session;
mod webhooks;
mod widget;
mod workspace;
mod world;
