//! What changes the worker count of a Celery project.

mod pool;

pub use pool::PoolControl;
