package similar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	content "github.com/diemcau/diemcau/internal/text"
)

// corpus invents questions of a land conference: an opening, a place, a subject, what
// happened and what is asked, some without marks and some with slips of the finger.
type corpus struct{ rand *rand.Rand }

func newCorpus(seed uint64) corpus { return corpus{rand.New(rand.NewPCG(seed, 2022))} }

func (c corpus) pick(list []string) string { return list[c.rand.IntN(len(list))] }

func (c corpus) question() string {
	number := func(most int) int { return 1 + c.rand.IntN(most) }
	parts := []string{c.pick(openings)}
	for range 1 + c.rand.IntN(2) {
		parts = append(parts, fmt.Sprintf(c.pick(stories), c.pick(subjects), number(12), 1980+number(44)))
	}
	parts = append(parts, fmt.Sprintf(c.pick(places), c.name(), c.name()), c.pick(subjects), c.pick(circumstances), c.pick(asks))
	text := strings.Join(parts, " ")
	if c.rand.IntN(10) < 3 {
		text = content.Fold(text)
	}
	for range c.rand.IntN(4) {
		text = c.slip(text)
	}
	return content.Line(text)
}

// name is a place's or a person's: two syllables.
func (c corpus) name() string { return c.pick(syllables) + " " + c.pick(syllables) }

// slip leaves a letter out, doubles one, or turns two round.
func (c corpus) slip(text string) string {
	runes := []rune(text)
	if len(runes) < 4 {
		return text
	}
	i := 1 + c.rand.IntN(len(runes)-2)
	switch c.rand.IntN(3) {
	case 0:
		runes = append(runes[:i], runes[i+1:]...)
	case 1:
		runes = append(runes[:i+1], runes[i:]...)
	default:
		runes[i], runes[i+1] = runes[i+1], runes[i]
	}
	return string(runes)
}

func list(lines string) []string { return strings.Split(strings.TrimSpace(lines), "\n") }

var (
	openings = list(`
Xin hỏi
Kính thưa đồng chí Chủ tịch,
Cho tôi hỏi
Kính gửi các đồng chí lãnh đạo thành phố,
Dạ em chào các bác,
Tôi xin phản ánh:
Đề nghị thành phố cho biết
Gia đình tôi xin hỏi`)
	stories = list(`
Gia đình tôi làm %s đã %d tháng, từ năm %d.
Tôi có %s, nộp hồ sơ %d lần từ năm %d đều bị trả lại.
Nhà tôi vướng %s, diện tích %d00 m2, sử dụng từ năm %d.
Bố mẹ tôi để lại %s cho %d anh em năm %d.
Xã thông báo về %s đã %d lần kể từ năm %d mà chưa thực hiện.
Chúng tôi %[2]d hộ dân đã kiến nghị về %[1]s từ năm %[3]d.`)
	places = list(`
Ở thôn %s, xã %s,
Tại phường %s, dự án %s,
Khu dân cư %s gần đường %s,
Tổ dân phố %s thuộc quận %s,
Huyện %s, cụm công nghiệp %s,
Nhà tôi ở ngõ %s phố %s,`)
	subjects = list(`
cấp giấy chứng nhận quyền sử dụng đất lần đầu
chuyển mục đích sử dụng đất vườn sang đất ở
sang tên sổ đỏ do nhận chuyển nhượng
tặng cho quyền sử dụng đất giữa cha mẹ và con
khai nhận thừa kế thửa đất
bồi thường khi thu hồi đất nông nghiệp
bố trí đất tái định cư
giao đất dịch vụ
giải phóng mặt bằng làm đường
tách thửa đất ở
hợp thửa đất liền kề
trích lục bản đồ địa chính
đo đạc lại ranh giới
tiền sử dụng đất
lệ phí trước bạ
thuế thu nhập khi bán đất
quy hoạch treo
cấp phép xây dựng trên đất trong quy hoạch
hòa giải tranh chấp đất đai
đấu giá quyền sử dụng đất
cấp lại sổ đỏ bị mất
sổ hồng căn hộ chung cư
xóa đăng ký thế chấp
đất giao trái thẩm quyền
đất nông nghiệp giao theo Nghị định 64
đất công ích 5 phần trăm
nhà tập thể cũ
đất xen kẹt trong khu dân cư
dồn điền đổi thửa
thuê đất cụm làng nghề
thuế sử dụng đất phi nông nghiệp
đính chính tên trên giấy chứng nhận
mua nhà ở xã hội
di dời mồ mả
lối đi chung bị lấn chiếm
cưỡng chế công trình vi phạm
hỗ trợ chuyển đổi nghề
nộp hồ sơ trực tuyến trên cổng dịch vụ công
ghi nợ tiền sử dụng đất
đất rừng phòng hộ chồng lấn đất ở`)
	circumstances = list(`
khi chưa có giấy tờ gốc
mà chủ đất cũ đã chết
trong trường hợp đất đang thế chấp ngân hàng
khi có một người ở nước ngoài
nếu diện tích thực tế tăng so với sổ
khi đất không có tranh chấp
mà cán bộ địa chính yêu cầu bổ sung nhiều lần
sau khi bỏ cấp huyện
theo Luật Đất đai mới
khi hộ gia đình thuộc diện nghèo
đối với người có công
mà phường không nhận hồ sơ
khi đã nộp đủ tiền
nếu bản đồ cũ vẽ sai
khi hàng xóm không ký giáp ranh
trước ngày 15/10/1993
mua bán bằng giấy viết tay
khi xã đã sáp nhập
với đất nằm trong chỉ giới đường đỏ
mà kết luận thanh tra chưa thực hiện`)
	asks = list(`
thì cần những giấy tờ gì?
mất bao lâu?
bao giờ giải quyết xong?
phải nộp bao nhiêu tiền?
nộp hồ sơ ở đâu?
có được không?
cơ quan nào chịu trách nhiệm?
vì sao chậm trễ như vậy?
thủ tục như thế nào?
có phải nộp thuế không?
ai là người quyết định?
đề nghị thành phố có biện pháp.
điều kiện ra sao?
có được miễn giảm không?
quy định tại văn bản nào?
có đúng quy định không?
khi nào công khai cho dân biết?
được tính theo giá nào?
tôi phải gửi đơn đến đâu?
trình tự gồm những bước nào?`)
	syllables = strings.Fields(`An Anh Ba Bình Bồ Cao Cát Châu Chi Chu Chung Cổ Cự Dương Duyên Đa Đại Đan Đạo Đằng Điền Đình
Đoài Đông Đồng Đức Gia Giang Giao Hà Hải Hạ Hàm Hiền Hiệp Hòa Hoàng Hồng Huệ Hưng Hương Hữu Kê Khánh Khê Khoái Khúc Kiên Kim La Lai Lan
Lâm Lễ Liên Liệt Lỗ Long Lộc Lương Mai Mễ Minh Mỹ Nam Ngãi Ngạc Ngọc Nghĩa Nguyên Nhuế Nhân Nhị Ninh Nội Phong Phú Phúc Phụng Phương
Quan Quang Quảng Quế Quỳnh Sài Sen Sơn Tảo Tân Tây Thái Thanh Thành Thắng Thịnh Thọ Thổ Thuần Thụy Thủy Thư Thượng Tiên Tiến Trạch Trâu
Tri Triều Trung Trường Tự Tùng Tường Vạn Văn Vân Viên Việt Vĩnh Võng Vũ Xá Xuân Yên`)
)
