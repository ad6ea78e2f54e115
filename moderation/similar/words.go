package similar

// The words of the house, written as people write them; the lexicon folds them. A line is
// "words that stand for it = phrase | phrase". The longest phrase wins.

// aspectWords name what is asked about a thing. Two questions that ask for different
// aspects are different questions, however alike their other words are.
const aspectWords = `
@when = bao giờ | khi nào | chừng nào | lúc nào | bao h | bao jo | khi mô | chừng mô | đến bao giờ | ngày nào | tháng nào
@howlong = bao lâu | mấy ngày | bao nhiêu ngày | mấy hôm | mấy tháng | bao nhiêu tháng | bao nhiêu lâu | mấy tuần | thời hạn giải quyết | thời gian giải quyết | thời hạn bao nhiêu | bn ngày | bao nhiu ngày | mấy ngày làm việc | bao nhiêu ngày làm việc
@howmuch = bao nhiêu tiền | bao nhiêu phần trăm | mấy phần trăm | mấy triệu | bao nhiêu triệu | mất phí | tốn phí | tốn tiền | mất tiền | giá bao nhiêu | hết bao nhiêu | nộp bao nhiêu | đóng bao nhiêu | trả bao nhiêu | mất bao nhiêu tiền | nộp bao nhiêu tiền | đóng bao nhiêu tiền | trả bao nhiêu tiền | nộp bao nhiêu phần trăm | hết bao nhiêu tiền | mức phí | mức thu | thuế suất | tỷ lệ nào | tỷ lệ bao nhiêu | bao nhiêu % | đơn giá nào | giá nào | bao nhiu tiền | bn tiền | bao nhiêu tiền một | lệ phí bao nhiêu | lệ phí là bao nhiêu | phí bao nhiêu | phí là bao nhiêu
@papers = giấy tờ gì | giấy tờ nào | giấy gì | hồ sơ gồm | gồm những gì | gồm gì | gồm có gì | cần những gì | cần giấy tờ | giấy tờ cần | mang theo những gì | mang theo gì | mang những gì | chuẩn bị gì | chuẩn bị những gì | giấy tờ chi | thành phần hồ sơ
@where = ở đâu | tại đâu | cơ quan nào | nơi nào | chỗ nào | đến đâu | chỗ mô | ở mô | đi đâu | về đâu | cấp nào | nộp đâu | địa chỉ nào | lên đâu | số điện thoại nào | phòng nào
@who = ai | người nào | cán bộ nào | đơn vị nào | thẩm quyền của ai
@why = tại sao | vì sao | lý do | nguyên nhân | lý do vì sao | sao lại | do đâu | vướng ở đâu | vì lý do gì | cớ sao
@size = bao nhiêu mét vuông | bao nhiêu m2 | bao nhiêu mét | diện tích tối thiểu | mấy mét | mấy mét vuông | diện tích bao nhiêu
@whether = hay không | được hay không | có được không | có đúng không | đúng không | có phải không | phải không | hay chưa
@how = như thế nào | thế nào | ra sao | làm sao | ntn | cách nào | bằng cách nào | phải làm gì | làm gì | trình tự | các bước | cách làm | hướng xử lý | răng
`

// sameWords are different words for one thing: short forms, what officials and people
// call it, dialect.
const sameWords = `
gcn = giấy chứng nhận quyền sử dụng đất quyền sở hữu nhà ở và tài sản khác gắn liền với đất | giấy chứng nhận quyền sử dụng đất | giấy chứng nhận quyền sở hữu nhà ở | giấy chứng nhận quyền sở hữu nhà | giấy chứng nhận qsdđ | giấy chứng nhận qsd đất | giấy chứng nhận | gcn quyền sử dụng đất | gcn qsdđ | gcn qsd đất | gcnqsdđ | gcnqsd | gcn | sổ đỏ | sổ hồng | sổ nhà đất | sổ đất | bìa đỏ | bìa hồng | giấy đỏ | giấy hồng | cuốn sổ | quyển sổ | thẻ đỏ | trích lục đỏ | sổ đ | số đỏ
cấp gcn = cấp sổ đỏ | cấp sổ hồng | có sổ đỏ | có sổ hồng | được sổ đỏ | nhận sổ đỏ | nhận được sổ đỏ | chưa có sổ đỏ | làm được sổ | làm được giấy chứng nhận | được cấp sổ | được cấp sổ đỏ | được cấp sổ hồng | cấp giấy chứng nhận | làm sổ đỏ | làm sổ hồng | làm giấy chứng nhận | làm giấy chứng nhận quyền sử dụng đất | làm gcn | làm sổ | cấp sổ | ra sổ | mần sổ đỏ | mần sổ | làm bìa đỏ | xin sổ | được sổ | nhận được sổ | có sổ | chưa có sổ | làm giấy tờ đất | cấp sổ đất | làm sổ đất | nhận sổ
đất = quyền sử dụng đất | qsdđ | qsd đất | quyền sd đất | đất đai | nhà đất
tiền sử dụng đất = tiền sdđ | tsdđ | tiền sd đất | tiền sử dụng đất
ubnd = ủy ban nhân dân | uỷ ban | ub | ubnd
vpđk = văn phòng đăng ký đất đai | văn phòng đăng ký quyền sử dụng đất | văn phòng đăng ký nhà đất | văn phòng đăng ký | vp đăng ký đất đai | vp đăng ký | vpđk | vpđkđđ | vpđkqsdđ | chi nhánh văn phòng đăng ký đất đai | chi nhánh vpđk | chi nhánh vpđkđđ | cn vpđk | cn vpđkđđ | vp đkđđ
thủ tục = tthc | thủ tục hành chính | tt hành chính
một cửa = bộ phận một cửa | bộ phận tiếp nhận và trả kết quả | bp một cửa | 1 cửa | bộ phận 1 cửa | trung tâm phục vụ hành chính công | trung tâm hành chính công
dịch vụ công = cổng dịch vụ công | dvc | cổng dvc | cổng dịch vụ công quốc gia | dvcqg
trực tuyến = online | onl | qua mạng | trên mạng | qua internet
giải phóng mặt bằng = gpmb | giải tỏa | giải toả | gp mặt bằng | giải phóng mb
mặt bằng = mb
tái định cư = tđc
bồi thường = đền bù | bồi hoàn
không giấy tờ = không có giấy tờ gì | không có giấy tờ | không còn giấy tờ nào | không còn giấy tờ | ko có giấy tờ | ko có giấy tờ gì | hổng có giấy tờ chi | không có giấy tờ chi | chẳng có giấy tờ gì
thu hồi = lấy đất | lấy ruộng | mất ruộng | mất đất | bị lấy
hỗ trợ = trợ cấp
chuyển nhượng = mua bán | sang nhượng | bán lại | bán | mua | bán đất | mua đất | bán nhà | mua nhà | bán nhà đất | chuyển nhượng đất | mua bán đất
sang tên = đăng ký biến động | đăng kí biến động | chuyển tên
tặng cho = cho tặng | tặng | biếu tặng | cho con | cho cháu
thừa kế = di sản | di sản thừa kế | khai nhận di sản | khai nhận di sản thừa kế | hưởng thừa kế | thừa kế
chết = qua đời | mất năm | đã mất | đã chết | mất rồi | tôi mất
bố mẹ = cha mẹ | ba má | ba mẹ | thầy u | bố má | phụ huynh
ông cha = ông bà | các cụ | tổ tiên | cha ông | ông bà để lại
chuyển mục đích = chuyển mục đích sử dụng đất | chuyển mục đích sử dụng | chuyển mđsd | chuyển mđ | cmđ | chuyển mđsdđ | chuyển đổi mục đích | lên thổ cư | chuyển sang đất ở | chuyển thành đất ở | lên đất ở
đất ở = thổ cư | đất thổ cư | đất thổ | thổ
đất nông nghiệp = ruộng | ruộng lúa | đất ruộng | đất nn | đất lúa | đất canh tác | đất trồng lúa | ruộng vườn
phi nông nghiệp = pnn
tách thửa = tách sổ | chia tách | tách đất | chia thửa | chia lô | phân lô
hợp thửa = gộp thửa | gộp sổ | nhập thửa | gộp thành một sổ
thửa đất = mảnh đất | miếng đất | lô đất | khoảnh đất | đám đất | thửa | mảnh
trích lục = trích lục bản đồ | trích lục địa chính | trích lục bản đồ địa chính | trích đo | trích đo địa chính
đo đạc = đo vẽ | đo lại | đo đất
ranh giới = mốc giới | ranh đất | giáp ranh | ranh
diện tích = dt
m2 = mét vuông | mét | m | m2
phần trăm = %
thuế thu nhập = thuế thu nhập cá nhân | tncn | thuế tncn | thuế tn
lệ phí trước bạ = trước bạ | thuế trước bạ | tiền trước bạ | phí trước bạ | lptb
chậm = trễ | trễ hẹn | quá hạn | chậm trễ | kéo dài | lâu quá | muộn | chây ì | ngâm
mất sổ = thất lạc sổ
mất gcn = mất sổ đỏ | mất sổ | mất sổ hồng | mất giấy chứng nhận | thất lạc giấy chứng nhận | mất bìa đỏ
mất = thất lạc | làm mất | bị mất | đánh mất
cấp lại = làm lại | xin lại
bố = cha | tía
mẹ = má | bầm
đúng quy định = đúng luật | đúng pháp luật
canh tác = trồng cấy | cày cấy | cấy trồng
tăng thêm = dôi dư | dư ra
15 ngày = nửa tháng
2 lần = gấp đôi | gấp hai
3 lần = gấp ba | lần thứ ba
4 lần = lần thứ tư
10 lần = gấp mười
đính chính = sửa lại | sửa sai | sửa tên | chỉnh sửa | cải chính | chỉnh lý
tiếp tục = tiếp
bố trí = được bố trí
ghi sai = viết nhầm | ghi nhầm | viết sai | ghi trật | sai tên | nhầm tên | in sai
tên đệm = chữ lót | chữ đệm | tên lót
quy hoạch treo = treo quy hoạch | dính quy hoạch | kẹt quy hoạch
hủy = xóa | hủy bỏ | xóa bỏ | bãi bỏ | dỡ bỏ
thế chấp = cầm cố | đem cầm | đăng ký thế chấp
trả nợ = trả hết nợ | trả xong nợ | tất toán khoản vay
chung cư = cc | tòa nhà | toà nhà | nhà chung cư
căn hộ = căn nhà
nhà ở xã hội = noxh
chủ đầu tư = cđt | chủ dự án
hợp tác xã = htx
giấy viết tay = giấy tay | viết tay | giấy mua bán viết tay | giấy viết tay
trái thẩm quyền = sai thẩm quyền | không đúng thẩm quyền
biên lai = phiếu thu | hóa đơn | hoá đơn
tranh chấp = tranh giành | giành đất | tranh chấp đất đai | kiện tụng
hòa giải = giảng hòa | hoà giải
hàng xóm = nhà bên | hộ bên cạnh | nhà bên cạnh | láng giềng | hộ liền kề | hàng xóm
ngõ đi chung = hẻm đi chung | lối đi chung | đường đi chung | ngõ chung | hẻm chung
lối đi = đường vào | lối vào | ngõ đi
đấu giá = đấu giá đất | đấu giá quyền sử dụng đất | đg
đặt cọc = tiền đặt trước | cọc | tiền cọc | nộp cọc
xây dựng = xây cất | cất nhà | dựng nhà | xây nhà | làm nhà | xây sửa | xd
xây dựng trái phép = xây trái phép | xây không phép
vi phạm = sai phạm
xử phạt = bị phạt | phạt tiền | xử lý vi phạm | phạt
nộp tiền = đóng tiền | trả tiền
nộp = đóng | đem nộp | mang đến
miễn = miễn giảm | được miễn
gia hạn = ra hạn
nghị định = nđ | nđ cp
quyết định = qđ
hợp đồng = hđ | hđmb
công chứng = phòng công chứng | văn phòng công chứng | cc hợp đồng | chứng thực
căn cước = cmnd | cccd | chứng minh nhân dân | căn cước công dân | chứng minh thư | cmt
hộ khẩu = shk | sổ hộ khẩu
việt kiều = người việt nam định cư ở nước ngoài | người việt ở nước ngoài | kiều bào
đất công ích = đất 5% | đất năm phần trăm | đất 5 phần trăm | đất phần trăm | đất công ích 5%
chuyển khoản = qua điện thoại | trên app | qua app
bưu điện = bưu chính | đường bưu chính | gửi về nhà
ủy quyền = uỷ quyền | giấy ủy quyền
dòng họ = nhà thờ họ | họ tộc | nhà thờ dòng họ | nhà thờ tổ
mồ mả = phần mộ | mộ | ngôi mộ | nghĩa trang | nghĩa địa | bãi tha ma
di dời = di chuyển | chuyển đi | dời đi
lấn chiếm = lấn | lấn đất | chiếm đất
bỏ hoang = cỏ mọc | để hoang | chậm triển khai
huyện = cấp huyện | quận huyện
điều chỉnh = điều chỉnh tăng | nâng lên | tăng lên
kết quả = kq
hồ sơ = hs | hồ sơ giấy tờ
hộ = gđ | hộ gia đình | hộ dân
điều kiện = đk | tiêu chuẩn
người dân = dân | nhân dân | bà con | cư dân
thành phố = tp | hà nội | hn
sử dụng = sd | xài | dùng
biện pháp = giải pháp
công khai = niêm yết
nước ngoài = bên tây
hết hạn = hết thời hạn | quá hạn sử dụng
cho thuê = thuê lại
thuê = mướn | ở trọ
ở tạm = tạm trú
kiểm tra = tra cứu | kiểm đếm
`

// commonWords stand in most questions of such a conference and tell little.
const commonWords = `đất | nhà | nhà ở | gcn | cấp | hồ sơ | thủ tục | người dân | hộ | thành phố | ubnd | xã | phường | quận | huyện | thôn | làm | nộp | tiền | quy định | giải quyết | sử dụng | năm | ngày | tháng | xử lý | kết quả | cơ quan | chính quyền | nhà nước | tên | người | đứng tên | bao nhiêu | mấy | thửa đất | thửa`

// stopWords carry the sentence, not the question.
//
//nolint:gosec // words, no secret
const stopWords = `không | ko | k | kg | kh | hok | hông | hổng | hem | khong | được | dc | đc | đuợc | gì | j | chi | vậy | dzậy | rứa | zậy
tôi | tui | mình | em | tớ | cháu | chúng tôi | chúng em | bọn tôi | nhà tôi | gia đình tôi | gia đình | nhà em | nhà mình | tụi tui | bác | anh | chị | tôi muốn | tôi cần
bây giờ | giờ | chừ | hiện nay | hiện | hiện tại | hôm nay | bữa nay | nay | đến nay | tới nay | tới giờ | đến giờ | bây chừ | vừa qua
xin hỏi | cho hỏi | cho em hỏi | cho tôi hỏi | xin được hỏi | em hỏi | tôi hỏi | hỏi | xin cho biết | xin cho hỏi | cho biết | đề nghị cho biết | xin hướng dẫn | hướng dẫn | xin cảm ơn | cảm ơn | trân trọng cảm ơn | kính mong | mong được trả lời | xin trả lời | trả lời | đề nghị | kiến nghị
kính thưa | kính gửi | thưa | dạ | ạ | thưa đồng chí | đồng chí | các đồng chí | kính thưa đồng chí chủ tịch | đồng chí chủ tịch | kính chào | xin chào | kính | các cô chú | các bác | quý lãnh đạo | lãnh đạo
và | với | cùng | hay | hoặc | rồi | còn | thì | là | mà | của | có | phải | đã | đang | sẽ | bị | này | đó | kia | nọ | để | khi | nếu | cho | vào | ra | lên | từ | đến | tới | trên | trong | theo | về | xin | những | các | một | như | thế | nào | đây | ấy | lại | do | vì | nhưng | nên | vẫn | cũng | muốn | cần | biết | nữa | chưa | ở | tại | bằng | qua | sau | trước | lúc | việc | cái | chiếc | con | sao | nhé | nhỉ | hả | à | ơi | ý | lấy | vừa | mới | từng | mỗi | cả | rất | quá | chỉ | hết | xong | trường hợp | cụ thể | ngoài | dưới | hơn | bên | phía | có phải | làm | cứ | toàn bộ | luôn | thôi | đi | bắt buộc`
