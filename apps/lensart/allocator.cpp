/// How jemalloc, which the program is linked with, is to divide the memory. Read by it before
/// main().
///
/// An arena a processor: batches, keyed state and encoded rows go from thread to thread, and many
/// arenas would each keep what one thread freed for another.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "percpu_arena:percpu,background_thread:true,dirty_decay_ms:200,muzzy_decay_ms:0";
}
