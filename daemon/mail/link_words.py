"""The vocabulary of links and of logins, in the notation of `daemon.mail.words`."""

from __future__ import annotations

# What a link does that completes something only the reader of this mailbox can.
ACT = """
verif|confirm|activat|sign in|sign-in|signin|log in|log-in|login|log me in|sign me in|magic link|reset|set a password|set your password|set password|set up your password|new password|choose a password|choose your password|choose a new|create password|create your password|change password|change your password|accept|join|approve|authoriz|authoris|validate|complete registration|complete your registration|complete sign|finish sign|finish registration|finish setting|finish your|finish up|complete setup|complete your|subscribe me|=subscribe|opt in|opt-in|it's me|it’s me|it was me|yes, that|claim your account|unlock|recover|restore access|this is my|that was me|allow|grant|redeem invitation|double opt|get access|one-tap|one tap|one-click|click to continue|continue to sign|start your account|finish creating|link your|prove|log on|set it|wake it
bestätig|aktivier|anmeld|einlogg|freischalt|zurücksetz|zurückzusetz|passwort festleg|neues passwort|passwort änder|passwort vergeben|kennwort|annehm|beitret|bestaetig|verifizier|freigeb|registrierung abschließen|zustimmen|konto entsperr|abonnieren|loslegen mit
confirm|vérifi|activer|activez|connecter|connexion|réinitialis|nouveau mot de passe|choisir un|définir|accepter|acceptez|rejoindre|rejoignez|valider|validez|approuv|autoris|finaliser|débloquer|modifier mon mot de passe|créer un mot de passe|créer mon mot de passe|changer de mot de passe|lien magique
confirm|verific|activar|=activa|=active|activación|actíva|iniciar sesión|inicia sesión|acceder|entrar|restablec|nueva contraseña|crear contraseña|cambiar contraseña|elegir contraseña|aceptar|acepta|unirse|unirme|únete|validar|aprobar|autorizar|completar registro|completar el registro|desbloque|enlace mágico|crea tu contraseña|recuperar|restabl
confirm|verific|ativar|ative|ativação|entrar|acessar|iniciar sessão|redefinir|redefina|nova senha|criar senha|alterar senha|aceitar|aceite|participar|juntar|validar|aprovar|autorizar|concluir cadastro|desbloque|link mágico|nova palavra-passe|repor
conferm|verific|attiva|accedi|accesso|reimposta|ripristina|nuova password|imposta password|imposta la password|scegli|accetta|unisciti|partecipa|convalida|approva|autorizza|completa|sblocca|entra|cambia password
bevestig|verifie|activeer|inlog|aanmeld|herstel|opnieuw instellen|nieuw wachtwoord|wachtwoord|accepteer|accepteren|uitnodiging|deelnemen|word lid|goedkeur|valideer|voltooi|ontgrendel
bekräfta|verifiera|aktivera|logga in|återställ|nytt lösenord|välj lösenord|acceptera|gå med|godkänn|slutför|lås upp|tacka ja|byt lösenord|bekreft|verifiser|aktiver|logg inn|tilbakestill|nytt passord|godta|bli med|godkjenn|fullfør|bekræft|log ind|nulstil|ny adgangskode|accepter|deltag|godkend
vahvista|aktivoi|kirjaudu|palauta|nollaa|vaihda salasana|uusi salasana|aseta salasana|hyväksy|liity|todenna|viimeistele|varmenna
potwierd|zweryfik|aktyw|zaloguj|zresetuj|resetuj|nowe hasło|ustaw hasło|zmień hasło|akceptuj|zaakceptuj|przyjmij|dołącz|zatwierdź|dokończ|odblokuj|ustal hasło
potvrd|ověřit|ověřte|ověření|ověřov|aktivovat|aktivuj|přihlásit|přihlas|obnovit heslo|nové heslo|nastavit heslo|přijmout|připojit|schválit|dokončit|overiť|prihlásiť|nastaviť heslo|prijať|pripojiť|změnit heslo|zmeniť heslo
megerősít|ellenőr|aktivál|bejelentkez|belép|visszaállít|új jelszó|jelszó beállít|elfogad|csatlakoz|jóváhagy|hitelesít|jelszó módosít
confirm|verific|activeaz|activare|activați|activat|conectea|autentific|reset|parolă nouă|setează|accept|alătur|aprob|finaliz|schimbă parola
потвърд|активир|вход|влез|нова парола|възстанов|смяна на парола|прием|присъедин|одобр|завърш
επιβεβαί|επαλήθευ|ενεργοποί|σύνδεση|συνδεθ|επαναφορ|νέος κωδικός|νέο κωδικό|αποδοχ|αποδεχ|συμμετοχ|εγκρι|ορισμός κωδικού|ολοκλήρω|είσοδο|μπείτε
doğrula|onayla|etkinleştir|aktif|giriş yap|oturum aç|sıfırla|yeni şifre|şifre belirle|şifremi|kabul et|katıl|onay|tamamla|parolayı
подтверд|подтвержд|активир|войти|вход|сброс|новый пароль|восстанов|установить пароль|задать пароль|сменить пароль|принять|присоедин|одобр|заверш|авториз
підтверд|активув|увійти|вхід|скинут|новий пароль|віднов|встановити пароль|прийняти|приєдн|схвал|заверш|змінити пароль
*تأكيد|*تاكيد|*تفعيل|*تحقق|*تسجيل الدخول|*إعادة تعيين|*كلمة مرور جديدة|*تعيين|*قبول|*انضم|*موافق|*أكد|*فعّل|*فعل حساب|*دخول
*אימות|=אמת|אמתו|אשר את|*לאישור|*אישור|*הפעל|*התחבר|*כניסה|*איפוס|*סיסמה חדשה|*בחירת סיסמה|*קבל|*הצטרף|*להצטרפות|*לאמת|*לאפס|*אפס
*تایید|*تأیید|*فعال|*ورود|*بازنشانی|*رمز جدید|*تغییر رمز|*پذیرش|*قبول|*پیوستن|*بازیابی
*सत्याप|*पुष्टि|*सक्रिय|*लॉगिन|*लॉग इन|*साइन इन|*रीसेट|*नया पासवर्ड|*स्वीकार|*शामिल|*যাচাই|*নিশ্চিত|*লগ ইন|*রিসেট|*تصدیق
*ยืนยัน|*เปิดใช้งาน|*เข้าสู่ระบบ|*รีเซ็ต|*ตั้งรหัสผ่าน|*รหัสผ่านใหม่|*ยอมรับ|*เข้าร่วม|*ตอบรับ
xác minh|xác nhận|xác thực|kích hoạt|đăng nhập|đặt lại|mật khẩu mới|tạo mật khẩu|chấp nhận|tham gia|hoàn tất
verifikasi|konfirmasi|aktifkan|aktivasi|masuk|reset|atur ulang|kata sandi baru|=setel|terima|gabung|sahkan|log masuk|tetapkan
*確認|*認証|*有効化|*ログイン|*サインイン|*再設定|*リセット|*新しいパスワード|*パスワードを設定|*承認|*参加|*登録を完了|*本登録|*完了する|*承諾|*招待を受ける|*パスワードの設定|*手続き
*인증|*확인하기|*이메일 확인|*주소 확인|*활성화|*로그인|*재설정|*비밀번호 설정|*새 비밀번호|*수락|*참여|*승인|*가입 완료|*비밀번호 변경
*验证|*确认|*激活|*登录|*重置|*设置密码|*新密码|*接受|*加入|*批准|*完成注册|*修改密码|*验 证|*立即确认
*驗證|*確認|*啟用|*登入|*重設|*設定密碼|*新密碼|*接受|*加入|*核准|*完成註冊|*變更密碼
potvrd|aktiviraj|prijavi|poništi|nova lozinka|prihvati|pridruži|nova šifra|потврд|potrdi|prijava|ponastavi|novo geslo|sprejmi|patvirtin|aktyvuo|prisijung|atkurti|apstiprin|pieslēg|atjaunot|kinnita|logi sisse|lähtesta|staðfest|innskrán
anzunehm|beizutret|anzumeld|einzulogg|freizuschalt|freizugeb|abzuschließ|einladung an|einzurichten|deel te nemen|in te loggen|aan te melden|jelentkez|melden sie sich|melde dich
*დაადასტურ|*დადასტურ|*გააქტიურ|*შესვლა|*პაროლის|*հաստատ|*ակտիվաց|*մուտք|thibitisha|amilisha|ingia|weka upya|*சரிபார்|*உறுதி|*உள்நுழை|*ధృవీకర|*సక్రియ|*സ്ഥിരീക|*ಪರಿಶೀಲಿ|*ದೃಢೀಕ|*पडताळ|*पुष्टी|*ચકાસ|*પુષ્ટિ|*ਤਸਦੀਕ|*ਪੁਸ਼ਟੀ|*បញ្ជាក់|*ຢືນຢັນ|*အတည်ပြု|*ያረጋግጡ|təsdiq|aktivləşdir|tasdiqla|faollashtir|растау|белсендір|баталгаажуул|konfirmo|verifiko|aktivizo|berretsi|egiaztatu|aktibatu|потврди|активирај|bevestig|kumpirmahin|i-verify|i-activate|deimhnigh|cadarnh|activat|restablir|staðfestu
"""

# Links that do something else, whatever token they carry.
IDLE = """
unsubscribe|opt out|opt-out|preferences|manage your|manage email|email settings|notification settings|privacy|terms|=legal|imprint|=help|help cent|help desk|helpdesk|=support|contact|faq|article|=docs|documentation|read more|learn more|continue reading|blog|view online|web version|view this|=report|=block|deny|decline|reject|cancel|revoke|lock my|lock account|lock your|undo|invoice|=read|read the|read in|read now|read full|jetzt lesen|lire|lees verder|läs vidare|läs artikel|les mer|view comment|view document|open document|watch|receipt|=pay|payment|=buy|=cart|checkout|download|get the app|app store|google play|survey|feedback|=review|reviews|facebook|twitter|instagram|linkedin|youtube|tiktok|discord|home page|homepage|website|discover|explore|calendar|directions|itinerary|booking|upgrade|renew|referral|refer a|=gift|=gifts|cookies|address book|=why|who we are|about us|careers|stop receiving|remove me|dashboard|open the planner|log out|sign out|delete account|delete my|change email|security settings|security tips|account settings|review activity|view activity|check activity|change address|disavow|follow us|follow our|follow me|follow on|unfollow|visit our|visit us|=map|=maps|=sale|=sales|=rate|=order|=orders|=shop|=store|=stores|=offer|=offers|=share|=track|tracking|=status|join meeting|join the meeting|join call|join the call|join webinar|join the webinar|join zoom|join us on
abbestell|abmeld|datenschutz|impressum|agb|=hilfe|kontakt|ablehn|stornier|rechnung|bezahl|verfolg|bestellung|herunterlad|umfrage|bewert|weiterlesen|mehr erfahren|webversion|einstellungen|nutzungsbedingung|sperr|widerruf|missbrauch|problem melden|besprechung
désabonn|désinscri|confidentialité|conditions|mentions légales|=aide|contact|signaler|signalez|refuser|annuler|facture|payer|commande|télécharg|=sondage|=avis|en savoir plus|lire la suite|paramètres|préférences|bloquer|suivre ma|suivre mon|suivre votre|suivre la commande|nous suivre|suivez-nous
=baja|cancelar suscripción|darse de baja|desuscri|privacidad|condiciones|aviso legal|ayuda|contacto|denunciar|rechazar|cancelar|factura|=pagar|seguimiento|pedido|descargar|encuesta|opinión|más información|leer más|preferencias|bloquear|dejar de recibir|no recibir más
cancelar inscrição|descadastr|anular subscrição|privacidade|termos|ajuda|contato|contacto|denunciar|recusar|cancelar|fatura|=pagar|rastrear|pedido|baixar|pesquisa|saiba mais|preferências|bloquear
disiscri|annulla iscrizione|privacy|condizioni|termini|aiuto|assistenza|contatt|segnala|rifiuta|annulla|fattura|=paga|pagamento|traccia|ordine|scarica|sondaggio|scopri|leggi|preferenze|blocca
afmeld|uitschrijv|privacy|voorwaarden|hulp|contact|meld|weiger|annuleer|factuur|betaal|bestelling|download|enquête|meer informatie|lees meer|voorkeuren|blokkeer|volg ons|volg je|volg uw
avregistrera|avsluta prenumeration|integritet|villkor|hjälp|kontakt|rapportera|avvisa|avböj|avbryt|faktura|betala|spåra paket|spåra din|spåra leverans|beställning|ladda ner|läs mer|inställningar|meld av|avmeld|personvern|vilkår|avslå|=betal|spor pak|spor din|spor forsend|sporing|last ned|les mer|afmeld|privatliv|afvis|læs mere
peruuta|tilauksen peru|tietosuoja|käyttöehdot|=ehdot|=ohje|=ohjeet|ilmoita|hylkää|lasku|=maksa|=maksu|maksut|lataa|lue lisää|asetukset|seuraa meitä|seuraa tilau|seuraa lähet
wypisz|rezygn|prywatnoś|regulamin|=pomoc|kontakt|zgłoś|odrzuć|anuluj|faktur|zapłać|śledź|zamówien|pobierz|ankiet|czytaj|preferenc|zablokuj
odhlásit|soukromí|podmínky|nápověda|kontakt|nahlásit|odmítnout|zrušit|faktur|zaplatit|sledovat|objednáv|stáhnout|odhlásiť|súkrom|nahlásiť|odmietnuť|zablokovat|více informací
leiratkoz|adatvédel|feltétel|súgó|=kapcsolat|kapcsolatfelv|elutasít|számla|fizet|letölt|letilt|visszaélés|nyomon követ|kövess minket|továbbiak|további információ
dezabon|confidențial|termeni|ajutor|contact|raport|respinge|anulea|factur|plăteșt|plătiți|=plată|=plata|urmăreșt|urmăriți|descarc|află mai|blochea
отпис|поверител|услови|помощ|контакт|отказ|отмен|фактур|=плати|платете|плащан|проследи|изтегл|повече|блокир
απεγγραφ|διαγραφή|απορρήτ|βοήθεια|επικοινων|αναφορά|απόρριψ|ακύρωσ|τιμολόγ|πληρωμ|παρακολού|λήψη|περισσότερα|αποκλεισ|όροι|όρους|όρων
abonelikten|gizlilik|koşullar|yardım|iletişim|=bildir|bildirin|reddet|iptal|fatura|ödeme|=öde|=indir|indirin|indirme|daha fazla|engelle|bizi takip|kargo takip|sipariş takip
отпис|конфиденц|услови|помощь|контакт|пожаловат|отклон|отмен|счет|оплат|отслед|заказ|скача|подробнее|заблок|відпис|конфіденц|умов|допомог|поскарж|відхил|скасув|рахун|завантаж|заблок
*إلغاء الاشتراك|*الخصوصية|*الشروط|*مساعدة|*اتصل بنا|*إبلاغ|*رفض|*إلغاء|*فاتورة|*دفع|*تتبع|*تحميل|*حظر
*הסרה|*ביטול|*פרטיות|=תנאי|=תנאים|*עזרה|*צור קשר|*דיווח|*דחייה|*חשבונית|*תשלום|*מעקב|*הורד|*חסימ
*لغو|*حریم خصوصی|*شرایط|*کمک|*تماس|*گزارش|*رد کردن|*فاکتور|*پرداخت|*پیگیری|*دانلود
*सदस्यता समाप्त|*सदस्यता रद्द|*गोपनीयता|*शर्तें|*सहायता|*मदद|*संपर्क|*रिपोर्ट|*अस्वीकार|*रद्द|*भुगतान|*ट्रैक|*डाउनलोड
*ยกเลิก|*ความเป็นส่วนตัว|*เงื่อนไข|*ช่วยเหลือ|*ติดต่อ|*รายงาน|*ปฏิเสธ|*ใบแจ้งหนี้|*ชำระ|*ติดตาม|*ดาวน์โหลด
hủy đăng ký|quyền riêng tư|điều khoản|trợ giúp|hỗ trợ|liên hệ|báo cáo|từ chối|hủy|hóa đơn|thanh toán|theo dõi|tải xuống|tải về
berhenti berlangganan|privasi|ketentuan|bantuan|hubungi|laporkan|tolak|=batal|batalkan|tagihan|bayar|lacak|unduh|nyahlanggan
*配信停止|*退会|*プライバシー|*規約|*ヘルプ|*お問い合わせ|*報告|*拒否|*キャンセル|*請求|*支払|*追跡|*ダウンロード|*解除|*ブロック
*수신거부|*수신 거부|*개인정보|*약관|*도움말|*문의|*신고|*거절|*취소|*청구|*결제|*추적|*다운로드|*차단
*退订|*取消订阅|*隐私|*条款|*帮助|*联系|*举报|*拒绝|*取消|*发票|*支付|*付款|*查询|*下载|*冻结
*退訂|*取消訂閱|*隱私|*條款|*說明|*聯絡|*檢舉|*拒絕|*取消|*發票|*付款|*查詢|*下載|*凍結
odjav|privatnost|uvjeti|pomoć|prijavite zloup|odbij|otkaži|platite|=prati|pratite|zasebnost|pogoji|zavrni|prekliči|atsisaky|privatum|atrakst|loobu|privaatsus
"""

# Links for a reader who asked for nothing: they undo or report, and are not what the mail is for.
REFUSE = """
wasn't you|wasn’t you|was not you|weren't you|=not you|not me|wasn't me|wasn’t me|did not request|didn't request|didn’t request|did not make|didn't make|didn’t make|did not change|didn't change|didn’t change|did not authorize|didn't authorize|do not recognize|don't recognize|don’t recognize|do not recognise|don't recognise|don’t recognise|not recognize this|secure your account|secure my account|secure account|this wasn't|wasn't expecting
nicht ich|nicht du|nicht sie|nicht selbst|nicht von ihnen|nicht von dir|nicht erkenn|nicht angefordert|nicht veranlasst
pas vous|pas moi|pas à l'origine|pas à l’origine|pas demandé|pas reconn
no fuiste|no fui|no has sido|no he sido|no fue usted|no ha sido usted|no solicitaste|no solicitó|no lo solicit|no has solicitado|no ha solicitado|no reconoces|no reconoce
não foi você|não foste tu|não fui eu|não reconhece|não solicit|não pediu
non sei stato|non sono stato|non sei stata|non è stato|non hai richiesto|non ha richiesto|non riconosci
niet jij|niet u|was jij dit niet|was ik niet|ik niet geweest|ben jij dit niet|u dit niet|je dit niet|niet aangevraagd|niet herken
inte du|inte var du|inte jag|inte begärt|känner du inte|ikke deg|ikke meg|ikke dig|ikke mig|ikke var deg|ikke var dig|ikke bedt om|gjenkjenner ikke|genkender ikke
et sinä|et ollut sinä|en minä|et pyytänyt|et tunnista
to nie ty|to nie ja|nie ty|to nie pan|nie prosił|nie rozpozna|nie zleca
nejste to|nebyl jste|nebyla jste|jste to nebyl|jste to vy nebyli|nežádal|nepoznáv|ste to neboli|neboli ste
nem ön|nem ön volt|nem te voltál|nem kérte|nem ismeri
nu ai fost|nu ați fost|nu dumneavoastră|nu ai solicitat|nu recuno
не сте|не бяхте|не вие|не сте поискали
δεν ήσασταν|δεν ήσουν|δεν το κάνατε|δεν ζητήσατε|δεν αναγνωρίζ
siz değil|sen değil|siz yapmadı|siz istemedi|talep etmedi
не вы|это был|не запрашивал|не ви|не запитувал|не узнаете|не впізна
*لست أنت|*لم تكن|*لم تطلب|*לא אני|*לא את|*לא ביקש|*لم تقم|*شما نبود|*درخواست نداد|*आपने नहीं|*आप नहीं|*ไม่ใช่คุณ|*ไม่ได้ร้องขอ|*คุณไม่ได้
không phải bạn|bạn không yêu cầu|bukan anda|bukan kamu|tidak meminta|tidak merasa
*心当たりがない|*心当たりのない|*ご本人でない|*本人以外|*본인이 아|*요청하지 않|*不是您|*不是我|*非本人|*不是你|*並非您|*并非您
niste vi|nisi ti|niste tražili|ne tai jūs|neesat jūs|ei olnud sina
"""

# Leave to do nothing: what a reader who asked for nothing may do, and then no link is for them.
IGNORE = """
ignor|disregard|safely|delete this|nothing will|no action|nothing to do|don't worry|do not worry|nothing to worry
ignor|nichts weiter|nichts tun|löschen|gegenstandslos|ne tenez pas compte|rien faire|supprim|hacer nada|elimin|desconsider|descart
trascur|cestin|negeer|negeren|niets te doen|verwijder|bortse|ignoré|se bort|bort fra|jätä huomi|jättää|älä välitä|zignor|pomiń
hagyja figyelmen|hagyd figyelmen|tárgytalan|nu este nevoie|игнор|пренебрег|не обращайте|αγνοή|dikkate alma|yok say|göz ardı
*تجاهل|*התעלם|*להתעלם|*نادیده|*अनदेखा|*नज़रअंदाज़|*เพิกเฉย|*ไม่ต้องดำเนิน|*ละเว้น|bỏ qua|abaikan
*無視|*破棄|*削除|*무시|*忽略|*不予理会|*无需|zanemar|prezri|nekreip|neņem
"""

# How to open a message elsewhere: as a label a link of its own, in a sentence only where to paste an address.
VIEW = """
=app|browser|im browser|navigateur|navegador|webbläsare|nettleser|selaimessa|przeglądar|prohlížeč|prehliadač|böngésző|браузър|браузер|переглядач|περιηγητ|tarayıcı|*المتصفح|*דפדפן|*مرورگر|*ब्राउज़र|*เบราว์เซอร์|trình duyệt|*ブラウザ|*브라우저|*浏览器|*瀏覽器|preglednik|naršykl|pārlūk|brauser
"""

# Turns of phrase that hold a word of the tables above and say nothing: on the way to a link, or by means of it.
GO = """
help us|help you|with the help|following|follow this|follow the|in order to|your order of
mit hilfe|mithilfe|helfen sie uns|hilf uns|à l'aide|à l’aide|aidez-nous|con la ayuda|con ayuda|ayúdanos|ayúdenos|ajude-nos|com a ajuda|com ajuda|con l'aiuto|con l’aiuto|aiutaci|con l'ausilio
met behulp|help ons|med hjälp av|hjälp oss|ved hjælp|ved hjelp|med hjelp|hjælp os|hjelp oss|za pomocą|pomóż nam|pomocí|pomocou|pomoću|uz pomoć|segítségével|με τη βοήθεια|yardımıyla|yardım etmek
с помощью|при помощи|помогите нам|за допомогою|с помощта|s pomočjo|ar palīdz
"""

# What names a login.
USER = """
username|user name|user-name|=user|=login|login name|login id|user id|userid|=uid|sign-in name|signin name|account name|account id|account|login email|email|e-mail|email address|e-mail address|=id|your login|log in as|=member id|customer id|customer number|host user|portal user|mailbox
*benutzername|*benutzer|*nutzername|*anmeldename|*benutzerkennung|*kennung|*login|*e-mail|*benutzer-id|*login-name|*kundennummer|*zugangsname|*loginname|*mitgliedsnummer
nom d'utilisateur|nom d’utilisateur|identifiant|utilisateur|=login|e-mail|courriel|adresse e-mail
nombre de usuario|=usuario|=login|correo|correo electrónico|nom d'usuari|usuari|=identificador
nome de usuário|nome de utilizador|=usuário|=utilizador|=login|e-mail|=usuario
nome utente|=utente|=login|e-mail|=username
gebruikersnaam|=gebruiker|inlognaam|=login|e-mail|loginnaam
användarnamn|=användare|=inloggning|inloggningsnamn|e-post|brukernavn|=bruker|brugernavn|=bruger|e-mail|användar-id|bruker-id|bruger-id
käyttäjätunnus|=käyttäjä|käyttäjänimi|=tunnus|sähköposti
nazwa użytkownika|=użytkownik|=login|e-mail|nazwa konta|identyfikator
uživatelské jméno|=uživatel|přihlašovací jméno|=login|e-mail|používateľské meno|prihlasovacie meno|=používateľ
felhasználónév|felhasználói név|=felhasználó|=azonosító|e-mail|=login
nume de utilizator|=utilizator|numele de utilizator|=login|e-mail
потребителско име|=потребител|имейл
όνομα χρήστη|=χρήστης|email
kullanıcı adı|=kullanıcı|=kullanıcı kodu|e-posta
имя пользователя|=логин|=пользователь|логин|эл. почта|e-mail|учетная запись|ім'я користувача|ім’я користувача|=логін|=користувач|логін
*اسم المستخدم|*المستخدم|*البريد الإلكتروني|*שם משתמש|*שם המשתמש|*משתמש|*דוא"ל|*אימייל|*نام کاربری|*کاربر|*ایمیل
*उपयोगकर्ता नाम|*यूज़रनेम|*यूजरनेम|*उपयोगकर्ता|*लॉगिन आईडी|*यूज़र आईडी|*ইউজারনেম|*ব্যবহারকারীর নাম|*صارف نام
*ชื่อผู้ใช้|*ผู้ใช้|*อีเมล|*บัญชีผู้ใช้
tên đăng nhập|tên người dùng|tài khoản|tên tài khoản
nama pengguna|=pengguna|nama pengguna anda|=surel
*ユーザー名|*ユーザーid|*ログインid|*ユーザid|*会員id|*アカウント|*メールアドレス|*ユーザ名|*ログイン名
*사용자 이름|*사용자명|*아이디|*로그인 id|*계정|*사용자 id|*사용자id|*이메일
*用户名|*账号|*帐号|*登录名|*用户id|*邮箱|*账户|*使用者名稱|*帳號|*登入名稱|*用戶名|*帳戶|*信箱
korisničko ime|=korisnik|uporabniško ime|naudotojo vardas|vartotojo vardas|lietotājvārds|kasutajanimi|notandanafn|корисничко име
"""

PASSWORD = """
password|=pass|=pwd|=passwd|passphrase|pass phrase|initial password|temporary password|temp password|=pw
*passwort|*kennwort|*initialpasswort|*startpasswort|*zugangspasswort
mot de passe|=mdp
contraseña|=clave|contrasenya
=senha|palavra-passe|palavra passe|senha provisória|senha temporária|senha inicial
password|parola d'ordine|parola chiave
wachtwoord
lösenord|=passord|passord|adgangskode|kodeord|lykilorð
salasana
=hasło|hasło
=heslo|heslo
jelszó|jelszav
=parola|parolă|parola
=парола|парола
κωδικός πρόσβασης|κωδικός|συνθηματικό
=şifre|=parola|şifreniz|parolanız|geçici şifre
=пароль|пароль|=лозинка
*كلمة المرور|*كلمة السر|*סיסמה|*הסיסמה|*סיסמא|*رمز عبور|*گذرواژه|*کلمه عبور
*पासवर्ड|*কুটশব্দ|*পাসওয়ার্ড|*پاس ورڈ
*รหัสผ่าน
mật khẩu
kata sandi|=sandi|kata laluan
*パスワード
*비밀번호|*패스워드|*암호
*密码|*密碼|*口令
lozinka|=šifra|geslo|slaptažodis|parole|parool
"""

# A password of this kind is a code.
ONCE = """
one-time|one time|onetime|single-use|single use|=otp|=2fa|verification
*einmal
usage unique
un solo uso|único uso|dinámica|un sol ús
uso único|descartável
monouso|usa e getta
*eenmalig
*engång|*engangs
*kertakäyttö
jednorazow|jednorázov
egyszer használatos|egyszeri
unică folosință|de unică
еднократн
μιας χρήσης|μίας χρήσης
tek kullanımlık
одноразов
*لمرة واحدة|*חד-פעמי|*חד פעמי|*یکبار مصرف|*یک بار مصرف|*یک‌بار مصرف|*پویا
*वन टाइम|*वन-टाइम|*एक बार
*ครั้งเดียว
một lần
sekali pakai|sekali guna
*ワンタイム|*使い捨て
*일회용
*一次性|*动态|*動態|*验证|*驗證
jednokratn|enkratn|vienkartin|vienreizēj|ühekordne
"""
