import { describe, expect, it } from 'vitest';
import type { Question } from '../wire/wire.gen';
import { features, fold, mentionsComplaint, similarTo, toldOf } from './similar';

const at = '2022-10-28T01:00:00Z';

function question(id: string, text: string): Question {
  return { id, state: 'approved', text, submittedAt: at, changedAt: at };
}

/** What is public already: the questions of a real evening, one of each kind. */
const known = [
  question('lan-dau', 'Gia đình tôi nộp hồ sơ cấp Giấy chứng nhận quyền sử dụng đất lần đầu từ tháng 3/2021 tại xã, đến nay chưa có kết quả. Bao giờ có?'),
  question('tach-thua', 'Tôi muốn tách thửa cho hai con thì diện tích tối thiểu là bao nhiêu mét vuông?'),
  question('chuyen-muc-dich', 'Chuyển mục đích sử dụng từ đất vườn sang đất ở cần giấy tờ gì, nộp ở đâu?'),
  question('dich-vu', 'Đất dịch vụ của xã tôi chờ hơn mười năm, thành phố có lộ trình giao đất không?'),
  question('trich-luc', 'Phí trích lục bản đồ địa chính hiện nay là bao nhiêu và nộp ở đâu?'),
  question('quy-hoach', 'Nhà tôi nằm trong quy hoạch treo từ năm 2008, không xây sửa được. Khi nào xoá quy hoạch?'),
  question('boi-thuong', 'Giá bồi thường đất nông nghiệp khi làm đường vành đai 4 tính thế nào?'),
  question('thua-ke', 'Bố mẹ mất không để lại di chúc, các con muốn sang tên sổ đỏ thừa kế thì làm thủ tục gì?'),
  question('cham-tra', 'Văn phòng đăng ký đất đai chậm trả kết quả đăng ký biến động quá ba tháng, ai chịu trách nhiệm?'),
  question('tai-dinh-cu', 'Các hộ bị thu hồi đất đã bàn giao mặt bằng hai năm, bao giờ được giao đất tái định cư?'),
];

/** The same said by another person, with tone marks and typed without. */
const same: [string, string][] = [
  ['lan-dau', 'Bao giờ gia đình tôi được cấp giấy chứng nhận quyền sử dụng đất lần đầu?'],
  ['lan-dau', 'bao gio cap giay chung nhan quyen su dung dat lan dau, toi nop ho so lau roi'],
  ['tach-thua', 'Diện tích tối thiểu để tách thửa đất ở nông thôn là bao nhiêu?'],
  ['tach-thua', 'muon tach thua cho con thi dien tich toi thieu bao nhieu'],
  ['chuyen-muc-dich', 'Tôi có 200m2 đất vườn muốn chuyển mục đích sử dụng sang đất ở thì cần những giấy tờ gì?'],
  ['chuyen-muc-dich', 'thu tuc chuyen muc dich su dung dat vuon sang dat o'],
  ['dich-vu', 'Xã tôi chưa được giao đất dịch vụ, lộ trình giao đất thế nào?'],
  ['dich-vu', 'dat dich vu bao gio giao cho dan, cho hon muoi nam roi'],
  ['trich-luc', 'Lệ phí trích lục bản đồ địa chính là bao nhiêu tiền?'],
  ['trich-luc', 'phi trich luc ban do dia chinh nop o dau'],
  ['quy-hoach', 'Quy hoạch treo hơn mười năm không được xây nhà, bao giờ xóa quy hoạch?'],
  ['quy-hoach', 'nha toi trong quy hoach treo khong xay sua duoc'],
  ['boi-thuong', 'Đường vành đai 4 đi qua đất nông nghiệp nhà tôi, giá bồi thường bao nhiêu?'],
  ['boi-thuong', 'gia boi thuong dat nong nghiep duong vanh dai 4'],
  ['thua-ke', 'Thủ tục sang tên sổ đỏ thừa kế khi bố mẹ không để lại di chúc?'],
  ['thua-ke', 'sang ten so do thua ke khong co di chuc thi lam the nao'],
  ['cham-tra', 'Hồ sơ đăng ký biến động bị Văn phòng đăng ký đất đai chậm trả kết quả mấy tháng nay.'],
  ['cham-tra', 'van phong dang ky dat dai cham tra ket qua dang ky bien dong'],
  ['tai-dinh-cu', 'Nhà tôi bị thu hồi đất, đã bàn giao mặt bằng mà chưa được giao đất tái định cư.'],
  ['tai-dinh-cu', 'bao gio giao dat tai dinh cu cho cac ho bi thu hoi dat'],
];

/** Asked about land too, and about something else. */
const other = [
  'Tôi muốn mua nhà ở xã hội thì đăng ký ở đâu?',
  'Đất nhà tôi bị lấn chiếm ranh giới với hàng xóm, xã hòa giải không thành thì kiện ở đâu?',
  'dau gia quyen su dung dat o huyen co cong khai gia khoi diem khong',
  'Tiền thuê đất của hợp tác xã năm nay có được miễn giảm không?',
  'Cán bộ một cửa yêu cầu nộp thêm bản sao công chứng có đúng quy định không?',
  'Xin hỏi bao giờ thì được ạ?',
];

describe('fold', () => {
  it('makes one of all ways to type it', () => {
    expect(fold('HÒA, hoà – hoa!')).toBe('hoa hoa hoa');
    expect(fold('Sổ Đỏ 200m²')).toBe('so do 200m2');
    expect(fold('Đường vành đai'.normalize('NFD'))).toBe('duong vanh dai');
  });
});

describe('features', () => {
  it('leaves out what only holds the sentence together', () => {
    expect([...features('Cho tôi hỏi: tách thửa thì sao?')]).toEqual(['tach', 'thua', 'tach thua']);
  });
});

describe('similarTo', () => {
  it.each(same)('finds %s for “%s”', (id, text) => {
    expect(similarTo(text, known)[0]?.id).toBe(id);
  });

  it.each(other)('finds nothing for “%s”', (text) => {
    expect(similarTo(text, known).map((found) => found.id)).toEqual([]);
  });

  it('does not care for tone marks', () => {
    for (const [, text] of same) {
      const bare = similarTo(fold(text), known).map((found) => found.id);
      expect(bare).toEqual(similarTo(text, known).map((found) => found.id));
    }
  });

  it('gives three at most, and none before enough was typed', () => {
    const many = Array.from({ length: 9 }, (_, i) => question(`n${i}`, `Bao giờ thôn ${i} được giao đất dịch vụ?`));
    expect(similarTo('Khi nào giao đất dịch vụ cho thôn tôi?', many)).toHaveLength(3);
    expect(similarTo('giao đất', many)).toEqual([]);
    expect(similarTo('Khi nào giao đất dịch vụ cho thôn tôi?', [])).toEqual([]);
  });
});

describe('mentionsComplaint', () => {
  it.each(['Tôi TỐ CÁO cán bộ xã', 'toi muon khieu nai', 'Đơn khiếu nại của tôi nộp từ tháng 5', 'khiếu kiện kéo dài'])('%s', (text) => {
    expect(mentionsComplaint(text)).toBe(true);
  });

  it.each(['Bao giờ có sổ đỏ?', 'Nhà cao tầng cạnh nhà tôi', 'Khi nào nại được đất?', ''])('not “%s”', (text) => {
    expect(mentionsComplaint(text)).toBe(false);
  });
});

describe('what the server told', () => {
  const known = new Map([['a', { id: 'a' }], ['b', { id: 'b' }]] as const) as unknown as ReadonlyMap<string, Question>;
  const told = { text: 'sổ đỏ', likes: [{ id: 'b', percent: 90 }, { id: 'gone', percent: 80 }, { id: 'a', percent: 70 }] };

  it('is shown in its order, what is no longer in view left out', () => {
    expect(toldOf('sổ đỏ', told, known)?.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(toldOf('sổ đỏ', told, known, 1)?.map(({ id }) => id)).toEqual(['b']);
  });

  it('says nothing of another text, so that the list in view is searched', () => {
    expect(toldOf('sổ hồng', told, known)).toBeUndefined();
    expect(toldOf('sổ đỏ', null, known)).toBeUndefined();
    expect(toldOf('sổ đỏ', { text: 'sổ đỏ', likes: [] }, known)).toEqual([]);
  });
});
