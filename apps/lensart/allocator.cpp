/// How jemalloc, which the program is linked with, is to divide the memory. Read by it before
/// main().
///
/// One arena: batches, keyed state and encoded rows go from thread to thread, and several would
/// each keep what one thread freed for another. (Threads take what is small from caches of their
/// own.) Huge pages, where the kernel gives them: most of what the program touches
/// was in no cache, and a virtual machine pays twice for each page that must be looked up.
/// What is not used any more goes back after a second: much earlier, and the processor clears the
/// same pages again and again; much later, and what only now and then lies side by side adds up.
/// Small pieces may be cut from free stretches up to 1024 times as large (64 by default), so that
/// what was a fetch becomes a page of the commit. Caches of threads keep no more than 8 KiB pieces.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "narenas:1,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,thp:always,"
    "metadata_thp:always,oversize_threshold:0,lg_tcache_max:13,lg_extent_max_active_fit:10";
}
