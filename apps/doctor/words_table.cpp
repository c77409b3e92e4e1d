#include "apps/doctor/words.hpp"

namespace lensart::app {

namespace {

// clang-format off
constexpr Sentence kSentences[] = {
    // The report
    {"doctor.good", "ok", "tốt"},
    {"doctor.note", "note", "ghi chú"},
    {"doctor.warning", "WARNING", "CẢNH BÁO"},
    {"doctor.failure", "PROBLEM", "SỰ CỐ"},
    {"doctor.next", "next", "cần làm"},
    {"doctor.more", "more", "xem thêm"},
    {"doctor.all_well", "All is well.", "Mọi thứ đều ổn."},
    {"doctor.found", "{found} findings need attention; begin with the first.", "Có {found} vấn đề cần xử lý; hãy bắt đầu từ vấn đề đầu tiên."},
    {"doctor.found_one", "One finding needs attention.", "Có một vấn đề cần xử lý."},
    {"subject.configuration", "configuration", "cấu hình"},
    {"subject.kafka", "kafka", "kafka"},
    {"subject.postgres", "postgres", "postgres"},
    {"subject.state", "state", "trạng thái"},
    {"subject.instance", "instance", "tiến trình"},
    {"subject.clocks", "clocks", "đồng hồ"},

    // Configuration
    {"cause.configuration_good", "valid ({file})", "hợp lệ ({file})"},
    {"cause.configuration_defaults", "valid; no file, so everything is at its default or from the environment", "hợp lệ; không có tệp nào, nên mọi giá trị là mặc định hoặc lấy từ biến môi trường"},
    {"cause.configuration_bad", "{place}: {key}: {what}", "{place}: {key}: {what}"},
    {"remedy.correct_setting", "{fix}", "Hãy sửa giá trị này: {fix}"},

    // Kafka
    {"cause.kafka_there", "{listed}: {brokers} brokers, {topics} topics", "{listed}: {brokers} broker, {topics} topic"},
    {"cause.kafka_unreachable", "{message}", "không kết nối được: {message}"},
    {"remedy.start_or_set_kafka", "start the broker, or set kafka.brokers (and kafka.properties)", "Hãy khởi động broker, hoặc đặt lại kafka.brokers (và kafka.properties)."},
    {"cause.topic_there", "{partitions} partitions", "{partitions} phân vùng"},
    {"cause.topic_missing", "does not exist, or may not be read", "không tồn tại, hoặc không được phép đọc"},
    {"remedy.init_or_rights", "run `lensart init`, or ask for the rights", "Hãy chạy `lensart init`, hoặc xin cấp quyền."},
    {"cause.partition_no_leader", "partition {partition} has no leader: it can be neither read nor written", "phân vùng {partition} không có leader: không đọc và không ghi được"},
    {"cause.kafka_other", "the state has read the cluster with id {known}; kafka.brokers leads to cluster {found}, whose offsets mean something else", "trạng thái đã đọc cụm có mã {known}; kafka.brokers dẫn đến cụm {found}, offset ở đó có ý nghĩa khác"},
    {"remedy.point_kafka_back", "Point kafka.brokers back to the cluster that was read, or begin with an empty state directory and an empty schema.", "Hãy trỏ kafka.brokers về cụm đã đọc, hoặc bắt đầu lại với thư mục trạng thái và schema trống."},
    {"cause.offsets_gone", "{topic}/{partition}: the state goes on from offset {offset}, but Kafka holds {begin} to {end}: records are gone, or the topic was made anew", "{topic}/{partition}: trạng thái sẽ đọc tiếp từ offset {offset}, nhưng Kafka chỉ còn từ {begin} đến {end}: bản ghi đã mất, hoặc topic được tạo lại"},
    {"remedy.accept_gap", "If that is so on purpose: `lensart run --accept-gap {topic}/{partition}`; the gap is recorded as skipped. Otherwise restore the topic first.", "Nếu đó là chủ ý: `lensart run --accept-gap {topic}/{partition}`; khoảng trống được ghi lại là đã bỏ qua. Nếu không, hãy khôi phục topic trước."},

    // PostgreSQL
    {"cause.postgres_there", "PostgreSQL {version}, database {database}, user {user}", "PostgreSQL {version}, cơ sở dữ liệu {database}, người dùng {user}"},
    {"cause.postgres_unreachable", "{message}", "không kết nối được: {message}"},
    {"remedy.start_or_set_postgres", "start PostgreSQL, or set postgres.dsn (and postgres.password_file)", "Hãy khởi động PostgreSQL, hoặc đặt lại postgres.dsn (và postgres.password_file)."},
    {"cause.fsync_off", "is off: a crash of the server may lose what was committed", "đang tắt: khi máy chủ gặp sự cố, dữ liệu đã commit có thể mất"},
    {"remedy.fsync_on", "set fsync = on in postgresql.conf", "Hãy đặt fsync = on trong postgresql.conf."},
    {"cause.schema_there", "version {version}", "phiên bản {version}"},
    {"cause.schema_missing", "has no tables of lensart", "chưa có bảng nào của lensart"},
    {"remedy.init", "run `lensart init`", "Hãy chạy `lensart init`."},
    {"cause.schema_other", "has version {version}, this program knows {wanted}", "có phiên bản {version}, chương trình này cần {wanted}"},
    {"remedy.init_or_newer", "run `lensart init` if the program is newer, else use the newer program", "Hãy chạy `lensart init` nếu chương trình mới hơn, nếu không hãy dùng chương trình mới hơn."},
    {"cause.rights_there", "the user may do all that the pipeline does", "người dùng có đủ quyền cho luồng xử lý"},
    {"cause.rights_missing", "the user lacks {rights}", "người dùng thiếu quyền {rights}"},
    {"remedy.grant_rights", "Have the tables' owner run `lensart init --roles` and `GRANT lensart_writer TO` this user.", "Hãy nhờ chủ sở hữu các bảng chạy `lensart init --roles` rồi `GRANT lensart_writer TO` người dùng này."},
    {"cause.database_odd", "could not be asked: {message}", "không hỏi được: {message}"},
    {"remedy.read_message", "Do as the message says; docs/operations.md explains every refusal.", "Hãy làm theo thông báo; docs/operations.md giải thích từng trường hợp từ chối."},
    {"cause.clocks_agree", "this machine's clock and the database's are {seconds} apart", "đồng hồ máy này và của cơ sở dữ liệu lệch nhau {seconds}"},

    // State
    {"cause.state_none", "{directory} holds no state yet; the first `lensart run` makes it", "{directory} chưa có trạng thái; lần chạy `lensart run` đầu tiên sẽ tạo"},
    {"cause.state_there", "{directory}: epoch {epoch}, {used_bytes} used, {free_bytes} free on the disk", "{directory}: epoch {epoch}, đã dùng {used_bytes}, đĩa còn trống {free_bytes}"},
    {"cause.state_unwritable", "{directory}: {message}", "{directory}: {message}"},
    {"remedy.make_writable", "Give the directory to the user lensart runs as (chown), or set state.directory to one it may write.", "Hãy trao thư mục cho người dùng chạy lensart (chown), hoặc đặt state.directory đến nơi ghi được."},
    {"cause.state_on_network", "{directory} is on a network file system ({kind}), where neither locks nor memory maps can be trusted", "{directory} nằm trên hệ thống tệp mạng ({kind}), nơi khóa và ánh xạ bộ nhớ không đáng tin cậy"},
    {"remedy.use_local_disk", "Move the state to a local disk while the pipeline is stopped, and set state.directory.", "Hãy dừng luồng xử lý, chuyển trạng thái sang đĩa cục bộ và đặt lại state.directory."},
    {"cause.state_unusable", "{message}", "không mở được trạng thái: {message}"},
    {"remedy.adopt_or_restore", "Restore the directory together with the database, or run `lensart state adopt`: it shows both sides first.", "Hãy khôi phục thư mục cùng với cơ sở dữ liệu, hoặc chạy `lensart state adopt`: lệnh này cho xem cả hai phía trước."},
    {"cause.state_mismatch", "{message}", "trạng thái không khớp: {message}"},
    {"cause.state_refused", "state and database do not fit: {message}", "trạng thái và cơ sở dữ liệu không khớp nhau: {message}"},
    {"cause.state_lost", "the database stands at epoch {epoch} of this pipeline, but {directory} holds no state", "cơ sở dữ liệu đang ở epoch {epoch} của luồng này, nhưng {directory} không có trạng thái"},
    {"remedy.point_state_back", "Point state.directory to the state that belongs to it; if it is lost, `lensart state adopt` makes it anew from the database.", "Hãy trỏ state.directory đến đúng trạng thái; nếu đã mất, `lensart state adopt` tạo lại từ cơ sở dữ liệu."},
    {"cause.lineage_good", "state and database tell one story (epoch {epoch})", "trạng thái và cơ sở dữ liệu khớp nhau (epoch {epoch})"},
    {"cause.database_other", "the state belongs to the database cluster with system_identifier {known}, not to {found}", "trạng thái thuộc về cụm cơ sở dữ liệu có system_identifier {known}, không phải {found}"},
    {"remedy.point_database_back", "Point postgres.dsn at the right server; if the cluster was made anew on purpose, run `lensart state adopt`.", "Hãy trỏ postgres.dsn đến đúng máy chủ; nếu cụm được tạo lại có chủ ý, hãy chạy `lensart state adopt`."},
    {"cause.settings_changed", "the tables were made under other settings (jobs, maps, ranks, zone, lateness, gaps or stuck_after)", "các bảng được tạo với cấu hình khác (jobs, maps, ranks, múi giờ, độ trễ cho phép, khoảng cách hoặc stuck_after)"},
    {"remedy.set_back_or_rebuild", "Set the old values again (pipeline_settings has them), or run `lensart rebuild`.", "Hãy đặt lại giá trị cũ (xem pipeline_settings), hoặc chạy `lensart rebuild`."},
    {"cause.state_locked", "process {pid} holds {directory}, but answers no questions: it starts, stops, rebuilds or hangs", "tiến trình {pid} đang giữ {directory} nhưng không trả lời: đang khởi động, đang dừng, đang dựng lại hoặc bị treo"},
    {"remedy.wait_or_look", "Wait a minute and ask again; if it stays so, look at that process's log.", "Hãy đợi một phút rồi hỏi lại; nếu vẫn vậy, hãy xem log của tiến trình đó."},

    // The instance
    {"cause.instance_running", "runs, version {version}, for {uptime_seconds}", "đang chạy, phiên bản {version}, được {uptime_seconds}"},
    {"cause.instance_other_version", "the running instance is version {version}, this program {wanted}", "tiến trình đang chạy là phiên bản {version}, chương trình này là {wanted}"},
    {"remedy.restart", "Restart the instance to take the new version over.", "Hãy khởi động lại để dùng phiên bản mới."},
    {"cause.instance_silent", "{message}", "tiến trình không trả lời: {message}"},
    {"remedy.look_at_log", "Look at the instance's log; restart it if it hangs. Nothing is lost by that.", "Hãy xem log của tiến trình; khởi động lại nếu bị treo. Không mất dữ liệu."},
    {"cause.not_running", "no instance runs on this state directory; nothing waits to be read", "không có tiến trình nào chạy trên thư mục trạng thái này; không có gì chờ đọc"},
    {"cause.not_running_behind", "no instance runs on this state directory, and {events} events wait in Kafka", "không có tiến trình nào chạy trên thư mục trạng thái này, và {events} sự kiện đang chờ trong Kafka"},
    {"remedy.run", "Start it: `lensart run`, or the service it runs as.", "Hãy khởi động: `lensart run`, hoặc dịch vụ tương ứng."},
    {"cause.http_silent", "{listen} does not answer: {message}", "{listen} không trả lời: {message}"},
    {"remedy.check_listen", "Look whether another program has that port (ss -ltnp), and at the instance's log.", "Hãy xem chương trình khác có chiếm cổng đó không (ss -ltnp), và xem log của tiến trình."},
    {"cause.not_ready", "not ready: {reasons}", "chưa sẵn sàng: {reasons}"},
};
// clang-format on

}  // namespace

std::span<const Sentence> own_sentences() { return kSentences; }

}  // namespace lensart::app
