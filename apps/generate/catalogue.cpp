#include "apps/generate/catalogue.hpp"

#include <initializer_list>
#include <string_view>

#include "apps/generate/php_json.hpp"

namespace lensart::generate {
namespace {

std::vector<std::string> escaped(std::initializer_list<std::string_view> texts) {
  std::vector<std::string> result;
  for (const std::string_view text : texts) result.push_back(php_escape(text));
  return result;
}

void add_people(Catalogue& all) {
  all.family_names = escaped({"Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ",
                              "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"});
  all.middle_names = escaped({"Thị", "Văn", "Thị Thu", "Minh", "Thị Ngọc", "Đức", "Thị Kim", "Quốc",
                              "Hữu", "Thanh", "Bảo", "Gia", "Hoàng", "Thị Mỹ", "Xuân", "Tuấn"});
  all.given_names =
      escaped({"Ánh",  "Bình",  "Châu",  "Dũng",  "Đạt",  "Giang",  "Hà",   "Hải",   "Hạnh", "Hiếu",
               "Hoa",  "Hùng",  "Hương", "Khánh", "Khoa", "Lan",    "Linh", "Long",  "Mai",  "Nam",
               "Nga",  "Nghĩa", "Ngọc",  "Nhung", "Phúc", "Phương", "Quân", "Quỳnh", "Sơn",  "Tâm",
               "Thảo", "Trang", "Trí",   "Tú",    "Uyên", "Việt",   "Vy",   "Yến"});
  all.mail_names =
      escaped({"anh",  "binh",  "chau",  "dung",  "dat",  "giang",  "ha",   "hai",   "hanh", "hieu",
               "hoa",  "hung",  "huong", "khanh", "khoa", "lan",    "linh", "long",  "mai",  "nam",
               "nga",  "nghia", "ngoc",  "nhung", "phuc", "phuong", "quan", "quynh", "son",  "tam",
               "thao", "trang", "tri",   "tu",    "uyen", "viet",   "vy",   "yen"});
  all.mail_hosts = escaped({"example.com", "example.net", "example.org", "mail.example.vn"});
}

void add_places(Catalogue& all) {
  all.streets = escaped({"Nguyễn Đình Chiểu", "Lê Lợi",
                         "Võ Văn Tần",        "Cách Mạng Tháng Tám",
                         "Nguyễn Trãi",       "Hai Bà Trưng",
                         "Điện Biên Phủ",     "Lý Thường Kiệt",
                         "Phan Xích Long",    "Nguyễn Thị Minh Khai",
                         "Trần Hưng Đạo",     "Hoàng Văn Thụ",
                         "Xô Viết Nghệ Tĩnh", "Quang Trung",
                         "Lạc Long Quân",     "Nguyễn Văn Cừ",
                         "Bạch Đằng",         "Tôn Đức Thắng",
                         "Láng Hạ",           "Kim Mã"});
  all.districts = escaped(
      {"Quận 1, TP. Hồ Chí Minh", "Quận 3, TP. Hồ Chí Minh", "Phường 6, Quận 5, TP. Hồ Chí Minh",
       "Quận 10, TP. Hồ Chí Minh", "Quận Bình Thạnh, TP. Hồ Chí Minh",
       "Quận Gò Vấp, TP. Hồ Chí Minh", "TP. Thủ Đức, TP. Hồ Chí Minh", "Quận Hải Châu, Đà Nẵng",
       "Quận Ninh Kiều, Cần Thơ", "Quận Hoàn Kiếm, Hà Nội", "Quận Cầu Giấy, Hà Nội",
       "Quận Đống Đa, Hà Nội", "TP. Biên Hòa, Đồng Nai", "TP. Thủ Dầu Một, Bình Dương"});
  const auto branch = [&all](std::string_view name, std::string_view address) {
    all.branches.push_back({php_escape(name), php_escape(address)});
  };
  branch("LensArt Quận 1", "102 Lê Lợi, Phường Bến Thành, Quận 1, TP. Hồ Chí Minh");
  branch("LensArt Quận 3", "25 Võ Văn Tần, Phường 6, Quận 3, TP. Hồ Chí Minh");
  branch("LensArt Quận 5", "18/2 Trần Hưng Đạo, Phường 7, Quận 5, TP. Hồ Chí Minh");
  branch("LensArt Gò Vấp", "311 Quang Trung, Phường 10, Quận Gò Vấp, TP. Hồ Chí Minh");
  branch("LensArt Thủ Đức", "7 Võ Văn Ngân, TP. Thủ Đức, TP. Hồ Chí Minh");
  branch("LensArt Đà Nẵng", "56 Bạch Đằng, Quận Hải Châu, Đà Nẵng");
  branch("LensArt Hoàn Kiếm", "4 Hàng Bài, Quận Hoàn Kiếm, Hà Nội");
  branch("LensArt Cầu Giấy", "219 Xuân Thủy, Quận Cầu Giấy, Hà Nội");
  branch("LensArt Cần Thơ", "88 Đường 30/4, Quận Ninh Kiều, Cần Thơ");
  branch("LensArt Biên Hòa", "12 Phạm Văn Thuận, TP. Biên Hòa, Đồng Nai");
}

void add_products(Catalogue& all) {
  const std::initializer_list<std::string_view> frames = {
      "Ray-Ban RB5154",      "Ray-Ban RB3025 Aviator", "Oakley OX8046 Airdrop",
      "Gucci GG0026O",       "Molsion MJ7161",         "Parim PR83421",
      "Exfash EF32761",      "Helen Keller H9201",     "Bolon BJ5055",
      "Velocity VL12455",    "Lindberg Air Titanium",  "Prada VPR 17Z",
      "Charmant CH10604",    "Seventh Street 7A 092",  "Titan Minimal T-201",
      "LensArt Basic LA-01", "LensArt Kids LK-07",     "LensArt Retro LR-12"};
  std::int64_t price = 450'000;
  for (const std::string_view frame : frames) {
    all.products.push_back({php_escape("Gọng kính " + std::string(frame)), price, true});
    all.products.push_back(
        {php_escape("Kính mát " + std::string(frame) + " phân cực"), price + 330'000, true});
    price = 390'000 + (price * 7 + 131'000) % 4'870'000 / 10'000 * 10'000;
  }
  const auto other = [&all](std::string_view name, std::int64_t dong) {
    all.products.push_back({php_escape(name), dong, false});
  };
  other("Tròng kính chống ánh sáng xanh", 250'000);
  other("Tròng kính đổi màu Transitions Gen 8", 1'890'000);
  other("Tròng kính Essilor Crizal Rock 1.60", 1'398'000);
  other("Tròng kính Chemi U2 1.56 (cặp)", 320'000);
  other("Tròng kính đa tròng Hoya iD LifeStyle", 6'500'000);
  other("Kính áp tròng Acuvue Oasys 1-Day (hộp 30 miếng)", 795'000);
  other("Nước ngâm kính áp tròng Bio True 300ml", 185'000);
  other("Hộp đựng kính da \"LensArt\"", 120'000);
  other("Khăn lau kính Nano", 19'500);
  other("Đo khúc xạ & cắt kính lấy ngay", 50'000);
}

}  // namespace

const Catalogue& catalogue() {
  static const Catalogue all = [] {
    Catalogue made;
    add_people(made);
    add_places(made);
    add_products(made);
    made.colors = escaped({"Đen", "Đen nhám", "Vàng hồng", "Bạc", "Xanh rêu", "Nâu đồi mồi",
                           "Trong suốt", "Đỏ mận", "Xám khói"});
    // The last ones: a text typed on a Mac (decomposed, so that normalisation has work to do), one
    // with a character beyond the basic plane, one with a line break.
    made.notes = escaped(
        {"Giao giờ hành chính", "Gọi trước khi giao 15 phút", "Khách cần xuất hóa đơn VAT",
         "Độ cận: MP -2.25/-0.50x180; MT -2.00", "Gói quà giúp shop nhé", "Để ở bảo vệ, tầng 12A",
         "Giao cho chi\u0323 Ha\u0300", "Cảm ơn shop 😊", "Hẹn lấy tại cửa hàng\nsau 18h"});
    return made;
  }();
  return all;
}

}  // namespace lensart::generate
