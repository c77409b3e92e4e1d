/// How jemalloc, which the program is linked with, is to divide the memory. Read by it before
/// main().
///
/// One arena: batches, keyed state and encoded rows go from thread to thread, and several would
/// each keep what one thread freed for another. (Threads take what is small from caches of their
/// own.)
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:1,background_thread:true,dirty_decay_ms:200,muzzy_decay_ms:0";
}
