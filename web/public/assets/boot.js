// Runs before the first paint, so that a chosen theme or language does not flash.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem('diemcau.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    var lang = localStorage.getItem('diemcau.lang');
    if (lang === 'vi' || lang === 'en') root.lang = lang;
  } catch {
    // Storage may be blocked; the defaults are good.
  }
})();
