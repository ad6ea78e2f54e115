package demo

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// ID is the demonstration's conference.
const ID conference.ID = "dat-dai-2022"

// CityHall is its main venue.
const CityHall conference.VenueID = "ubnd-thanh-pho"

// Conference returns the demonstration as it is created; it is opened afterwards.
func Conference() conference.Info {
	return conference.Info{
		ID:      ID,
		Title:   "Đối thoại về thủ tục hành chính đất đai – 28/10/2022",
		TitleEn: "Dialogue on land procedures – 28 October 2022",
		// 8.00 in Hà Nội.
		StartsAt: time.Date(2022, time.October, 28, 1, 0, 0, 0, time.UTC),
		Public:   true,
		Demo:     true,
		Venues:   venues(),
		Topics:   topics(),

		Registration: registration(),
	}
}

// registration is open for ever: the demonstration is repeated.
func registration() *conference.Registration {
	ends := time.Date(2099, time.December, 31, 0, 0, 0, 0, time.UTC)
	return &conference.Registration{
		OpensAt: time.Date(2022, time.August, 25, 1, 0, 0, 0, time.UTC), ClosesAt: ends, DoorsAt: ends,
		OfferMs:      conference.DefaultOffer.Milliseconds(),
		Invitation:   "Ủy ban nhân dân Thành phố trân trọng kính mời tổ chức, cá nhân tham dự hội nghị đối thoại về thủ tục hành chính đất đai.",
		InvitationEn: "The City People's Committee invites organisations and citizens to the dialogue on land procedures.",
		Privacy: conference.Notice{
			Version: "2022-10",
			Text:    "Họ tên, số điện thoại và thông tin ông/bà cung cấp chỉ dùng để tổ chức hội nghị này, không công khai, và được xóa khi ông/bà yêu cầu. Hội nghị được ghi hình và phát công khai.",
			TextEn:  "Name, telephone number and what else you tell are used for this conference only, are not published, and are erased when you ask. The conference is recorded and shown in public.",
		},
	}
}

// venues are City Hall and the 30 units of Hà Nội in 2022: 12 quận, 17 huyện, 1 thị xã.
func venues() []conference.Venue {
	const seats, reserved = 120, 10
	all := places()
	for i := range all {
		all[i].Seats, all[i].Reserved = seats, reserved
	}
	return all
}

func places() []conference.Venue {
	return []conference.Venue{
		{ID: CityHall, Name: "UBND Thành phố Hà Nội", Main: true},
		{ID: "ba-dinh", Name: "Quận Ba Đình"},
		{ID: "cau-giay", Name: "Quận Cầu Giấy"},
		{ID: "dong-da", Name: "Quận Đống Đa"},
		{ID: "hai-ba-trung", Name: "Quận Hai Bà Trưng"},
		{ID: "hoan-kiem", Name: "Quận Hoàn Kiếm"},
		{ID: "thanh-xuan", Name: "Quận Thanh Xuân"},
		{ID: "hoang-mai", Name: "Quận Hoàng Mai"},
		{ID: "long-bien", Name: "Quận Long Biên"},
		{ID: "ha-dong", Name: "Quận Hà Đông"},
		{ID: "tay-ho", Name: "Quận Tây Hồ"},
		{ID: "bac-tu-liem", Name: "Quận Bắc Từ Liêm"},
		{ID: "nam-tu-liem", Name: "Quận Nam Từ Liêm"},
		{ID: "ba-vi", Name: "Huyện Ba Vì"},
		{ID: "chuong-my", Name: "Huyện Chương Mỹ"},
		{ID: "dan-phuong", Name: "Huyện Đan Phượng"},
		{ID: "dong-anh", Name: "Huyện Đông Anh"},
		{ID: "gia-lam", Name: "Huyện Gia Lâm"},
		{ID: "hoai-duc", Name: "Huyện Hoài Đức"},
		{ID: "me-linh", Name: "Huyện Mê Linh"},
		{ID: "my-duc", Name: "Huyện Mỹ Đức"},
		{ID: "phu-xuyen", Name: "Huyện Phú Xuyên"},
		{ID: "phuc-tho", Name: "Huyện Phúc Thọ"},
		{ID: "quoc-oai", Name: "Huyện Quốc Oai"},
		{ID: "soc-son", Name: "Huyện Sóc Sơn"},
		{ID: "thach-that", Name: "Huyện Thạch Thất"},
		{ID: "thanh-oai", Name: "Huyện Thanh Oai"},
		{ID: "thanh-tri", Name: "Huyện Thanh Trì"},
		{ID: "thuong-tin", Name: "Huyện Thường Tín"},
		{ID: "ung-hoa", Name: "Huyện Ứng Hòa"},
		{ID: "son-tay", Name: "Thị xã Sơn Tây"},
	}
}

// topics are the procedures such questions are about; Agency is who usually answers,
// under its name of 2022.
func topics() []conference.Topic {
	return []conference.Topic{
		{
			ID: "cap-giay-lan-dau", Name: "Cấp Giấy chứng nhận quyền sử dụng đất lần đầu (“sổ đỏ”)",
			NameEn: "First land-use certificate", Agency: "Sở Tài nguyên và Môi trường",
		},
		{
			ID: "chuyen-muc-dich", Name: "Chuyển mục đích sử dụng đất",
			NameEn: "Change of land use", Agency: "UBND huyện; Phòng Tài nguyên và Môi trường",
		},
		{
			ID: "bien-dong", Name: "Đăng ký biến động: chuyển nhượng, tặng cho, thừa kế",
			NameEn: "Transfer, gift, inheritance", Agency: "Chi nhánh Văn phòng Đăng ký đất đai",
		},
		{
			ID: "thu-hoi", Name: "Thu hồi đất, bồi thường, hỗ trợ, tái định cư",
			NameEn: "Recovery, compensation, resettlement", Agency: "UBND huyện; Trung tâm Phát triển quỹ đất",
		},
		{
			ID: "giai-phong-mat-bang", Name: "Giải phóng mặt bằng",
			NameEn: "Site clearance", Agency: "UBND huyện; chủ đầu tư",
		},
		{ID: "dat-dich-vu", Name: "Đất dịch vụ", NameEn: "Service land", Agency: "UBND huyện"},
		{
			ID: "do-dac", Name: "Đo đạc, trích lục, trích đo địa chính, tách – hợp thửa",
			NameEn: "Surveying, extracts, splitting and merging plots", Agency: "Văn phòng Đăng ký đất đai",
		},
		{
			ID: "nghia-vu-tai-chinh", Name: "Nghĩa vụ tài chính, tiền sử dụng đất, lệ phí trước bạ",
			NameEn: "Fees and taxes", Agency: "Cục Thuế; Chi cục Thuế",
		},
		{
			ID: "cham-tra-ket-qua", Name: "Chậm trả kết quả tại bộ phận một cửa hoặc Văn phòng Đăng ký đất đai",
			NameEn: "Late results at the one-stop desk", Agency: "Văn phòng Đăng ký đất đai",
		},
		{
			ID: "quy-hoach", Name: "Thông tin quy hoạch, quy hoạch treo",
			NameEn: "Planning", Agency: "Sở Quy hoạch – Kiến trúc",
		},
		{
			ID: "tranh-chap", Name: "Hòa giải, giải quyết tranh chấp đất đai",
			NameEn: "Disputes", Agency: "UBND xã; UBND huyện; Tòa án",
		},
		{
			ID: "dau-gia", Name: "Đấu giá quyền sử dụng đất",
			NameEn: "Auction of land-use rights", Agency: "UBND huyện; Sở Tư pháp",
		},
	}
}
