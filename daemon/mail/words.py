"""The general vocabulary of account mail, by meaning, then a line for each language.

A term stands for the words it begins (`verif` covers verify, verified, verification); `=term` is that word only;
`*term` may stand inside a longer word, as scripts without spaces and compounds need. A longer term hides a shorter
one within it, so `gift card code` is not a `code`. Written as read: comparing ignores case, accents and width.
"""

from __future__ import annotations

# Names that only a code for proving oneself has.
CODE = """
verification code|confirmation code|security code|authentication code|authorization code|authorisation code|login code
log-in code|log in code|signin code|sign-in code|sign in code|access code|activation code|one-time code|onetime code|one time password|one-time password
one-time pin|one-time passcode|single-use code|one-time|=otp|=totp|otp code|passcode|pass code|pass-code|2fa code|two-factor code|two-step code|magic code|device code|user code
guard code|temporary code|verification pin|verification number|validation code|recovery code|reset code|identity code|registration code|unlock code|approval code|mfa code|login pin|email code|code to verify|code to sign|code to log|code to confirm|verification digits|login digits|pairing code|signup code|sign-up code|verify code|key code
*bestätigungscode|*sicherheitscode|*verifizierungscode|*anmeldecode|*zugangscode|*einmalcode|*einmalpasswort|*einmalkennwort|*freischaltcode|*aktivierungscode|*prüfcode|*login-code|*logincode|=tan|=mtan|*mobiletan|*chiptan|*pushtan|*smstan|*phototan|push-tan|sms-tan|chip-tan|photo-tan|*mobiltan|*bestätigungs-code|*authentifizierungscode|*einmal-code|*einmal-passwort|*verifikationscode|*registrierungscode|*zugriffscode|*sicherheits-pin|*bestätigungs-pin|*autorisierungscode|*einmal-pin
code de vérification|code de confirmation|code de sécurité|code d'accès|code d’accès|code de connexion|code de validation|code d'activation|code d’activation|code à usage unique|mot de passe à usage unique|code d'authentification|code d’authentification|code temporaire|code unique|code secret|code d'identification|code d’identification|code d'inscription|code de sûreté|code provisoire
código de verificación|código de confirmación|código de seguridad|código de acceso|código de inicio de sesión|código de activación|código de un solo uso|contraseña de un solo uso|código único|código temporal|código de autenticación|clave de un solo uso|clave dinámica|clave temporal|código de validación|código de autorización|código de ingreso|codi de verificació|codi de seguretat|codi d'accés|codi de confirmació|codi d'un sol ús|codi de validació
código de verificação|código de confirmação|código de segurança|código de acesso|código de ativação|código de uso único|senha de uso único|palavra-passe de uso único|código de autenticação|código temporário|código de login|senha descartável|código de validação|código de autorização|código de início de sessão|código de entrada
codice di verifica|codice di conferma|codice di sicurezza|codice di accesso|codice d'accesso|codice d’accesso|codice di attivazione|codice monouso|password monouso|codice usa e getta|codice di autenticazione|codice temporaneo|codice di convalida|codice segreto|codice di autorizzazione|codice di login|password temporanea monouso
verificatiecode|*beveiligingscode|*bevestigingscode|*inlogcode|*toegangscode|*eenmalige code|*eenmalig wachtwoord|*activeringscode|*activatiecode|*aanmeldcode|*controlecode|*verificatiecode|*eenmalige inlog|*authenticatiecode
*verifieringskod|*säkerhetskod|*bekräftelsekod|*inloggningskod|*engångskod|*engångslösenord|*aktiveringskod|*åtkomstkod|*verifikationskod
*bekreftelseskode|*sikkerhetskode|*engangskode|*engangspassord|*påloggingskode|*innloggingskode|*verifiseringskode|*aktiveringskode|*tilgangskode
*bekræftelseskode|*engangsadgangskode|*verifikationskode|*loginkode|*godkendelseskode|*verificeringskode|*engangskodeord
*vahvistuskoodi|*turvakoodi|*kertakäyttö|*kertakoodi|*kirjautumiskoodi|*varmennuskoodi|*todennuskoodi|*vahvistuskoodin|*tunnistuskoodi|*pääsykoodi|*aktivointikoodi
kod weryfikacyjny|kod bezpieczeństwa|kod potwierdzający|kod dostępu|kod jednorazowy|hasło jednorazowe|kod aktywacyjny|kod logowania|kod do logowania|jednorazowy kod|jednorazowe hasło|kod autoryzacyjny|kod uwierzytelniający|kodu weryfikacyjnego|kodu bezpieczeństwa|hasła jednorazowego|kod potwierdzenia|kod sms
ověřovací kód|bezpečnostní kód|potvrzovací kód|přístupový kód|jednorázový kód|jednorázové heslo|aktivační kód|přihlašovací kód|overovací kód|bezpečnostný kód|potvrdzovací kód|prístupový kód|jednorazový kód|jednorazové heslo|aktivačný kód|prihlasovací kód|autorizační kód|autorizačný kód|kontrolní kód
ellenőrző kód|biztonsági kód|megerősítő kód|egyszer használatos|egyszeri kód|belépési kód|bejelentkezési kód|hitelesítő kód|aktiváló kód|aktivációs kód|*ellenőrzőkód|egyszeri jelszó|igazoló kód|visszaigazoló kód
cod de verificare|codul de verificare|cod de securitate|codul de securitate|cod de confirmare|codul de confirmare|cod de acces|codul de acces|cod unic|codul unic|parolă de unică folosință|cod de unică folosință|cod de autentificare|codul de autentificare|cod de activare|codul de activare|parola unică|codul de unică folosință
код за потвърждение|код за сигурност|код за достъп|код за вход|еднократен код|еднократна парола|код за проверка|код за активиране|кодът за потвърждение|кодът за сигурност|кодът за вход|кодът за проверка
κωδικός επαλήθευσης|κωδικός επιβεβαίωσης|κωδικός ασφαλείας|κωδικός μιας χρήσης|κωδικός πρόσβασης μίας χρήσης|κωδικός μίας χρήσης|κωδικός σύνδεσης|κωδικός ενεργοποίησης|κωδικό επαλήθευσης|κωδικό επιβεβαίωσης|κωδικό ασφαλείας|κωδικό μιας χρήσης|κωδικό μίας χρήσης|κωδικό σύνδεσης
doğrulama kod|onay kod|güvenlik kod|giriş kod|tek kullanımlık|aktivasyon kod|erişim kod|onay şifre|giriş şifre|doğrulama şifre|teyit kod
код подтверждения|код безопасности|код доступа|код для входа|одноразовый код|одноразовый пароль|код проверки|код активации|проверочный код|кода подтверждения|код верификации|код авторизации|секретный код|одноразового кода|одноразового пароля|одноразовым паролем|код входа|защитный код|пин-код для входа
код підтвердження|код безпеки|код доступу|код для входу|одноразовий код|одноразовий пароль|код перевірки|код активації|код авторизації|код верифікації|перевірочний код|код входу
*رمز التحقق|*رمز التأكيد|*رمز الأمان|*رمز الدخول|*كود التحقق|*كود التفعيل|*رمز التفعيل|*كلمة مرور لمرة واحدة|*كلمة المرور لمرة واحدة|*الرمز السري|*رمز المرور|*رمز لمرة واحدة|*رمز تحقق|*رمز تسجيل الدخول|*كود التأكيد|*رمز المصادقة|*رمز الاستخدام لمرة واحدة
*קוד אימות|*קוד האימות|*קוד אבטחה|*קוד האבטחה|*קוד חד פעמי|*קוד חד-פעמי|*סיסמה חד-פעמית|*סיסמה חד פעמית|*קוד גישה|*קוד הגישה|*קוד כניסה|*קוד הכניסה|*קוד התחברות|*קוד אישור|*קוד האישור|*קוד הפעלה|*הקוד החד פעמי|*הקוד החד-פעמי|*קוד זיהוי|*הסיסמה החד-פעמית|*הסיסמה החד פעמית|*הקוד הזמני|*קוד זמני|*קוד הזיהוי
*کد تایید|*کد تأیید|*کد امنیتی|*رمز یکبار مصرف|*رمز یک‌بار مصرف|*رمز یک بار مصرف|*کد ورود|*کد فعال سازی|*کد فعال‌سازی|*رمز پویا|*کد یکبار مصرف|*کد احراز هویت|*رمز ورود|*کد فعالسازی
*सत्यापन कोड|*सुरक्षा कोड|*पुष्टि कोड|*वन टाइम पासवर्ड|*वन-टाइम पासवर्ड|*ओटीपी|*लॉगिन कोड|*एक बार का कोड|*पुष्टिकरण कोड|*एक्सेस कोड|*वेरिफिकेशन कोड|*যাচাইকরণ কোড|*ভেরিফিকেশন কোড|*ওটিপি|*নিরাপত্তা কোড|*சரிபார்ப்புக் குறியீடு|*ధృవీకరణ కోడ్|*تصدیقی کوڈ|*توثیقی کوڈ|*سیکیورٹی کوڈ
*รหัสยืนยัน|*รหัสความปลอดภัย|*รหัส otp|*รหัสผ่านแบบใช้ครั้งเดียว|*รหัสผ่านครั้งเดียว|*รหัสเข้าสู่ระบบ|*รหัสการยืนยัน|*รหัสตรวจสอบ|*รหัสผ่านใช้ครั้งเดียว|*รหัสแบบใช้ครั้งเดียว|*โอทีพี|*รหัสรักษาความปลอดภัย
mã xác minh|mã xác nhận|mã bảo mật|mã xác thực|mã otp|mật khẩu dùng một lần|mã đăng nhập|mã truy cập|mã kích hoạt|mã dùng một lần|mã một lần|mật khẩu một lần
kode verifikasi|kode konfirmasi|kode keamanan|kode otp|kata sandi sekali pakai|kode akses|kode masuk|kode sekali pakai|kod pengesahan|kod keselamatan|kata laluan sekali|kode aktivasi|kode autentikasi|kode login|kod sekali guna
*認証コード|*確認コード|*セキュリティコード|*ワンタイムパスワード|*認証番号|*ワンタイムコード|*ログインコード|*確認番号|*検証コード|*暗証番号|*アクセスコード|*パスコード|*本人確認コード|*セキュリティ コード|*ワンタイム パスワード|*使い捨てコード|*セキュリティキー|*登録コード
*인증번호|*인증 번호|*인증코드|*인증 코드|*확인 코드|*확인코드|*보안 코드|*보안코드|*일회용 비밀번호|*일회용 코드|*로그인 코드|*일회용비밀번호|*확인번호|*확인 번호|*보안번호|*일회용 인증|*승인번호|*로그인 번호
*验证码|*校验码|*动态码|*动态密码|*确认码|*安全码|*一次性密码|*登录码|*激活码|*认证码|*一次性代码|*安全代码|*验证代码|*口令|*授权码|*随机码|*短信密码|*识别码
*驗證碼|*驗證代碼|*確認碼|*安全碼|*一次性密碼|*登入碼|*啟用碼|*認證碼|*動態密碼|*動態碼|*安全代碼|*檢查碼|*一次性驗證|*校驗碼
kontrolni kod|kod za potvrdu|sigurnosni kod|potvrdni kod|jednokratni kod|jednokratna lozinka|verifikacijski kod|verifikacioni kod|kod za prijavu|kod za provjeru|bezbednosni kod|bezbjednosni kod|код за потврду|безбедносни код|једнократни код|верификациони код|potrditvena koda|varnostna koda|enkratna koda|enkratno geslo|koda za potrditev|koda za prijavo|preveritvena koda
patvirtinimo kodas|saugos kodas|vienkartinis|prisijungimo kodas|apstiprinājuma kods|drošības kods|vienreizēj|verifikācijas kods|pieteikšanās kods|kinnituskood|turvakood|ühekordne|*kinnituskood|*turvakood|sisselogimiskood|staðfestingarkóð|öryggiskóð
*დადასტურების კოდი|*ერთჯერადი კოდი|*უსაფრთხოების კოდი|*հաստատման կոդ|*միանգամյա|*անվտանգության կոդ
msimbo wa uthibitish|msimbo wako|nambari ya uthibitish|msimbo wa usalama|código de verificación|código de un só uso|egiaztapen-kode|egiaztapen kode|segurtasun-kode|segurtasun kode|kodi i verifikimit|kodi i konfirmimit|kodi i sigurisë|код за потврда|код за верификација|еднократен код|təsdiq kod|doğrulama kod|təhlükəsizlik kod|birdəfəlik|tasdiqlash kod|bir martalik|растау коды|бір реттік|баталгаажуулах код|нэг удаагийн|verifikasiekode|bevestigingskode|eenmalige pin|cód deimhnithe|cod dilysu|ang iyong code|verification code mo|kodigo
*ధృవీకరణ కోడ్|*സ്ഥിരീകരണ കോഡ്|*ಪರಿಶೀಲನಾ ಕೋಡ್|*पडताळणी कोड|*ચકાસણી કોડ|*ਪੁਸ਼ਟੀਕਰਨ ਕੋਡ|*ਤਸਦੀਕ ਕੋਡ|*प्रमाणीकरण कोड|*සත්‍යාපන කේත|*លេខកូដផ្ទៀងផ្ទាត់|*លេខកូដ|*ລະຫັດຢືນຢັນ|*အတည်ပြုကုဒ်|*የማረጋገጫ ኮድ|*ஒருமுறை கடவு|*ఓటీపీ|*ഒടിപി|*ஓடிபி|*ಒಟಿಪಿ|*ઓટીપી|*ਓਟੀਪੀ
"""

# Words for any code, number or secret: they count beside words of proving oneself.
WORD = """
*code|codes|=pin|=pins|pin code|pincode|digits|=token|characters|=figure|figures|=digit
=ziffern|*ziffer|zahlenfolge|*kennzahl|*geheimzahl|=zeichenfolge
=chiffres|chiffres|=combinaison
=código|código|=códigos|dígitos|=clave|=senha|=codi|xifres
=codice|codici|cifre
*cijfers|=cijfer
*kod|=koden|*koden|siffror|siffrorna
*kode|*koden|sifre|=siffer|sifrene|cifrene
*koodi|=numerosarja|=lukusarja
=kod|kodu|=kodem|cyfr|=cyfry
=kód|kódu|=kódem|číslic|*kódot|*kódod|*kóddal|*kódja|*kódját|számjegy|=heslo
=cod|=codul|codului|cifre|cifrele
*код|кода|кодът|цифр|кодом|коду|=цифри
κωδικό|κωδικός|κωδικού|ψηφία|ψηφί
=kod|kodu|kodunuz|=şifre|şifreniz|şifreyi|rakam|=şifresi
*رمز|*الرمز|*كود|*الكود
*קוד|*הקוד|ספרות
=کد|*رمز|*کد:
*कोड|*अंक|*কোড|*কোডটি|*کوڈ
*รหัส|*ตัวเลข
mã số|dãy số|chữ số
=kode|angka|digit|kodenya
*コード|*数字|*桁
*코드|*숫자|*자리
*码|*代码|*数字|*密码
*碼|*代碼|*數字|*密碼
=koda|kodo|=kodas|kodą|=kods|kodu|=kood|koodi|kóði|kóðann|številk|=broj|brojeva|znamenk
*კოდი|*კოდ|*կոդ|msimbo|*குறியீடு|*కోడ్|*കോഡ്|*ಕೋಡ್|*કોડ|*ਕੋਡ|*කේතය|*កូដ|*ລະຫັດ|*ကုဒ်|*ኮድ|=kodea|kodi|=kodekan|сан
"""

# A number, which may be of any kind until something says that it opens a door.
NUMBER = """
*number|=numbers|=key
=zahl|=zahlen|*nummer
=numéro
=número
numero
*nummer
=luku|*numero
=numer
=číslo
=szám|=számot
=număr|numărul
=номер|номера|=число|числа
αριθμό|αριθμός
=numara|numarayı
*الرقم|*أرقام|*رقم
*המספר|*מספר
*شماره
*संख्या|*नंबर
*หมายเลข
=nomor|=nombor
*番号
*번호
*号码|*號碼
=broj
"""

# Proving who one is: what makes a mere number a code for that.
AUTH = """
verif|confirm|authenticat|authoris|authoriz|sign in|signing in|sign-in|signin|log in|log-in|login|logging in|logon|identity|two-factor|two-step|2fa|mfa|activat|=device|=devices|your device|new device|prove|proof|sign up|signup|sign-up|registration|register|secure|security|password reset|reset your password|continue signing|access your account|it's you|it’s you|that it is you|validate|approve|approval|lets you in|let you in|unlock|pairing|link your|reset password|create your account|creating your account|your account|change of|your identity|mailbox is yours|address is yours|email address|e-mail address|step inside|get in|get you in|let you in|you're in|you’re in|votre espace|espace client|espace personnel|espace abonné|área de cliente|área personal|tu área|mitgliederbereich|kundenbereich|area riservata|area personale|mijn omgeving|strefa klienta|okno logowania|mina sidor|comes from you|passkey|to enter the
bestätig|verifizier|anmeld|einlogg|identität|freischalt|aktivier|sicherheit|authentifizier|registrier|zugang|konto|passwort zurück|prüfung|legitimier|ausweisen|meldet sich|gerät
appareil|dispositivo|apparaat|*enhet|*enhed|laite|urządzen|zařízen|zariaden|eszköz|dispozitiv|устройств|пристро|пристрій|συσκευ|cihaz|*جهاز|*מכשיר|*دستگاه|*डिवाइस|*อุปกรณ์|thiết bị|perangkat|*デバイス|*端末|*기기|*设备|*裝置
vérifi|confirm|connexion|connecter|identité|activer|activation|sécurité|authentifi|inscription|valider|validation|identifi|votre compte|réinitialis
verific|confirm|iniciar sesión|inicio de sesión|acceder|acceso|identidad|activar|activación|seguridad|autentic|registr|validar|validación|ingresar|tu cuenta|su cuenta|restablecer|comprovar|iniciar sessió
verific|confirm|iniciar sessão|entrar na|entrar no|acesso|acessar|identidade|ativar|ativação|segurança|autentic|cadastro|registo|validar|sua conta|redefin
verific|conferm|accedere|accesso|accedi|identità|attiva|sicurezza|autentic|registrazione|convalid|tuo account|reimposta
verifi|bevestig|inlog|aanmeld|identiteit|activeer|activer|beveilig|toegang|account|registr
verifier|bekräft|logga in|inlogg|identitet|aktiver|säkerhet|åtkomst|ditt konto|registrer|legitimer
bekreft|verifiser|logg inn|logge inn|innlogg|pålogg|identitet|aktiver|sikkerhet|tilgang|kontoen din|registrer
bekræft|verificer|log ind|logge ind|identitet|aktiver|sikkerhed|adgang|din konto|godkend
vahvist|kirjaud|kirjautu|tunnist|henkilöllisy|aktivo|turvalli|tilisi|rekisteröi|varmen|todenna|sisään
weryfik|potwierd|zalogow|logowan|tożsamoś|aktyw|bezpiecze|dostęp|autoryz|uwierzyt|rejestrac|konta
ověřit|ověřte|ověření|ověřov|ověřen|potvrd|potvrz|přihlá|přihlaš|totožnost|aktiv|bezpečnos|přístup|overen|overiť|prihlás|prihlas|prístup|registrac|autoriz
ellenőr|megerős|bejelentk|belép|azonosít|személyazon|aktivál|biztons|hozzáfér|regisztrá|hiteles|fiókod|fiókja|jóváhagy
verific|confirm|autentific|conect|identitat|activ|securit|acces|înregistr|contul|valida
потвърд|провер|вход|влиза|влезте|влезете|самоличнос|активир|сигурнос|достъп|регистр|профил
επαλήθευ|επιβεβαί|σύνδε|ταυτότητ|ενεργοποί|ασφάλ|πρόσβασ|εγγραφ|λογαριασμ|ταυτοποί
doğrula|onayla|onay|giriş|kimli|aktif|etkinleş|güvenli|erişim|kayıt|hesabın|üyeli|oturum
подтвер|провер|вход|войти|войд|личност|актив|безопас|доступ|авториз|аутентиф|регистр|верифик|учетн|аккаунт|личный кабинет
підтвер|перевір|вхід|входу|увій|особ|актив|безпек|доступ|автор|автент|реєстр|верифік|обліков
*تحقق|*تأكيد|*تسجيل الدخول|*هوية|*هويت|*تفعيل|*أمان|*دخول|*حساب|*مصادقة|*توثيق|*تسجيل
*אימות|=אמת|אמתו|*לאמת|*התחבר|*כניסה|*להיכנס|*זהות|*הפעל|*אבטח|*גישה|*הרשמ|*חשבון|*אישור|*לאשר
*تایید|*تأیید|*ورود|*هویت|*فعال|*امنیت|*دسترسی|*احراز|*ثبت نام|*ثبت‌نام|*حساب
*सत्याप|*पुष्टि|*लॉगिन|*लॉग इन|*पहचान|*सक्रिय|*सुरक्षा|*पंजीक|*खाते|*साइन इन|*যাচাই|*লগইন|*লগ ইন|*নিশ্চিত|*تصدیق|*لاگ ان
*ยืนยัน|*เข้าสู่ระบบ|*ตัวตน|*เปิดใช้งาน|*ปลอดภัย|*ลงทะเบียน|*บัญชี|*ล็อกอิน
xác minh|xác nhận|xác thực|đăng nhập|danh tính|kích hoạt|bảo mật|đăng ký|tài khoản|truy cập
verifik|konfirm|masuk|identitas|aktif|aktivasi|keamanan|akses|daftar|akun|pengesahan|log masuk|sahkan|akaun
*認証|*確認|*ログイン|*本人|*有効化|*セキュリティ|*登録|*サインイン|*アカウント|*検証
*인증|*확인|*로그인|*본인|*활성화|*보안|*가입|*계정
*验证|*登录|*确认|*身份|*激活|*安全|*注册|*账号|*账户|*认证|*登陆
*驗證|*登入|*確認|*身分|*身份|*啟用|*安全|*註冊|*帳號|*帳戶|*認證
potvrd|prijav|provjer|proveri|sigurnos|pristup|aktivir|potrdi|preveri|varnost|dostop|račun|patvirtin|prisijung|saugum|apstiprin|pieteik|drošīb|kinnita|sisse log|logi sisse|staðfest|innskrán|потврд|пријав
signed in|logged in|let them in|lets them in|second factor|anzumeld|einzulogg|in te loggen|aan te melden|*შესვლ|*დადასტურ|*ავტორიზ|*հաստատ|uthibitish|ingia|akaunti|*உள்நுழை|*சரிபார்|*లాగిన్|*ధృవీక|*ലോഗിൻ|*സ്ഥിരീക|*ಲಾಗಿನ್|*લૉગિન|*ਲੌਗਇਨ|*ចូល|*ເຂົ້າສູ່|*အကောင့်|*መለያ|təsdiq|tasdiq|растау|кіру|hyrje|verifikim|egiazta|saioa|deimhn|dilys
"""

# Asking the reader to put a code somewhere.
ENTER = """
enter|confirm with|verify with|verify using|authorise with|authorize with|log in with|sign in with|approve with|unlock with|go on with|continue with|=type|pop this|pop it|drop this into|punch in|tap in|typing|=use|=put|paste|=insert|key in|fill in|submit|provide this|copy|=give|=quote|input|quoting|prompt|keep this window
eingeb|eintipp|tippen|tippe|bestätigen mit|bestätigen sie mit|trag|=gib|geben|verwend|nutz|einfüg|eingabe|lautet
saisi|entrez|entrer|utilis|tapez|inscri|copie|collez|indiquez|renseign
introdu|ingres|escrib|utiliz|=usa|=use|teclee|teclea|copia|digit|=pega|insert|insir|inform|=cole|escriu
inseri|immett|digita|=usa|utilizz|copia|incolla
voer|vul|typ|gebruik|invoer|plak
ange|=fyll|skriv|använd|mata in|klistra
skriv|tast|oppgi|bruk|angi|indtast|brug|indsæt|fyll inn
syötä|kirjoita|käytä|=anna|näppäile|syöttä
wpisz|wprowad|podaj|użyj|przepisz|wklej
zadej|zadajte|zadej|vložte|napiš|použij|použite|opište|opíš
írd|írja|add meg|adja meg|használ|gépel|üsse|másol
introdu|folosi|tasta|scrie|utiliza|copia
въвед|използв|напиш|постав
εισαγ|εισάγ|πληκτρολογ|χρησιμοποι|καταχωρ|γράψ|συμπληρ
gir|yaz|kullan|tuşla
введ|укаж|использ|набер|впиш|вставь|ввод|сообщ
введ|вкаж|використ|набер|впиш
*أدخل|*إدخال|*استخدم|*ادخل|*اكتب|*باستخدام|*بإدخال
*הזן|*הזינו|*הקלד|*השתמש|*הכנס|*להזין|*הזיני
*وارد|*استفاده|*بنویسید
*दर्ज|*डालें|*उपयोग|*इस्तेमाल|*टाइप|*প্রবেশ|*লিখুন|*ব্যবহার|*درج
*กรอก|*ป้อน|*ใช้|*ใส่|*พิมพ์
nhập|sử dụng|điền
masuk|gunakan|=ketik|ketikkan|isi|isikan|salin
*入力|*使用|*ご利用|*記入
*입력|*사용|*넣어
*输入|*使用|*填写|*填入
*輸入|*使用|*填寫|*填入
unes|upiš|koristi|ukuca|vnes|uporab|įves|naudok|ievad|izmanto|sisesta|kasuta|sláðu|унес
einzugeb|einzutrag|*შეიყვან|*გამოიყენ|*մուտքագր|weka|tumia|ingiza|*உள்ளிட|*నమోదు|*എന്റർ|*നൽകുക|*ನಮೂದಿಸ|*દાખલ|*ਦਰਜ|*បញ្ចូល|*ປ້ອນ|*ထည့်|*ያስገቡ|daxil edin|kiriting|енгізіңіз|оруулна|futni|shkruani|sartu|ilagay|gamitin|внесете|gebruik hierdie
"""

# How long a code lives.
LIFE = """
do not share|don't share|don’t share|never share|not share|keep it to yourself|keep it secret|expire|valid for|valid until|valid till|minutes|=min|=mins|stops working|good for|works once|works for|one use|once only|seconds|lapses|lasts|half an hour|an hour|single use|hours
niemandem|nicht weitergeben|teilen sie|gültig|läuft ab|minuten|verfällt|=std
ne partagez|ne le partagez|ne communiquez|expire|valable|valide|minutes
no compart|no lo compart|caduca|expira|válido|válida|vence|minuto|vàlid
não compartilhe|não partilhe|expira|válido|válida|minuto|vigência|validade
non condivid|scade|valido|valida|minuti
deel deze|deel het|geldig|verloopt|minuten|minuut
giltig|gäller|går ut|minuter|upphör
gyldig|utløper|udløber|minutter
voimassa|vanhenee|minuutti|minuutin
ważny|ważne|ważność|wygasa|minut|traci
platný|platí|platnost|vyprší|minut|platnosť
érvény|lejár|percig|perc
valabil|expiră|minute
валид|изтича|минути
ισχύ|λήγει|λεπτά|λεπτών
geçerli|dakika|süre
действ|истекает|минут|истечет
дійсн|діє|хвилин|спливає
*صالح|*صلاحية|*دقائق|*دقيقة|*ينتهي|*تنتهي
*בתוקף|*תקף|*דקות|*יפוג|*תוקף
*معتبر|*دقیقه|*اعتبار|*منقضی
*मान्य|*मिनट|*समाप्त|*মিনিট|*منٹ
*นาที|*หมดอายุ|*ใช้ได้
hết hạn|hiệu lực|phút
berlaku|menit|kedaluwarsa|minit
*有効|*分間|*期限|*分以内
*유효|*분간|*분 이내|*만료
*有效|*分钟|*过期
*有效|*分鐘|*過期
vrijedi|važi|veljavn|galioja|derīg|kehtib|minut|minūt|mínút
*წუთ|*ვადა|*րոպե|dakika|usimpe|huwag|*நிமிட|*నిమిష|*മിനിറ്റ|*ನಿಮಿಷ|*મિનિટ|*ਮਿੰਟ|*នាទី|*ນາທີ|*မိနစ်|*ደቂቃ|dəqiqə|daqiqa|мин|skadon|vlen|amaitu
"""

# Numbers and codes of other kinds.
OTHER = """
=order|order number|phone number|mobile number|registered office|registered no|=sku|rental|gate code|garage code|wifi|wi-fi|ssid|locker|pick-up|pickup|collection code|collection point|meeting|webinar|dial-in|redemption|promo code|discount|offer code|order no|order id|order code|order #|=orders|invoice|ticket|booking|reservation|reference|=ref|=refs|ref. no|tracking|shipment|parcel|zip|postcode|postal|=tel|=telephone|=call|hotline|helpline|=fax|gift card|gift code|giftcard|voucher|coupon|=promo|discount|referral|customer number|customer no|customer id|client number|account number|account no|account ending|member number|membership|member no|member id|serial|licence|license|=version|=build|release|session id|=session|request id|=request|case number|=case|=iban|=bic|=vat|=tax|=taxes|seat|flight|article|item no|=patient|policy|contract|card ending|ending in|=ext|qr code|source code|dress code|error code|area code|country code|barcode|code of conduct|code editor|code review|lines of code|code word|student|employee|incident|=amount|=total|=totals|=price|=prices|=balance|points|company no|org. no|registration number|reg. no|bank code|sort code|swift|loyalty|frequent flyer|room|suite no|suite nr|=floor|=street|=ave|subscribers|followers|=views|=users|=members|downloads|visitors|=port|http|status code|meter|kwh|transaction|payment|receipt|statement|confirmation number|booking code|record locator|=pnr|e-ticket|consignment|delivery|document|=message no|msg|=id|checkout|redeem|=shop|=shopping|discount code|promotion|queue|=isbn|=issue|pull request|=commit|=commits|=bug|=job|meeting id|passport|social security|=dial|dialling|dialing|gate code|door code|postal code|exit code|return code|coupon code|=vin|=plate|number plate|warranty|certificate|docket|donation|auction|employee code|=branch|cheque|cheque number|=budget|raffle|lottery|quantity|=qty
*bestellnummer|*bestellung|*rechnung|*auftrag|*vorgangsnummer|*ticket|*buchung|*reservierung|=referenz|*referenznummer|*sendungsnummer|*sendung|*paket|=plz|abholcode|*abholung|*packstation|*postleitzahl|*telefon|=tel|*hotline|=fax|*gutschein|*rabatt|*aktionscode|*kundennummer|*kunden-nr|*kundennr|*mitgliedsnummer|*vertragsnummer|=vertrag|=vertrags|*seriennummer|=version|*aktenzeichen|*steuer|=betrag|rechnungsbetrag|gesamtbetrag|betrags|=summe|gesamtsumme|*zählerstand|*artikel|=art|*geschenkkarte|=flug|flugnummer|flug-nr|*sitzplatz|=zimmer|*versicherungsnummer|*kontonummer|*lieferung|*quittung|*beleg|*matrikel|*schaden|=preis|=preise|gesamtpreis|=nr|*lieferschein|*abholcode|bestätigungsnummer
commande|facture|référence|=réf|billet|réservation|suivi|=colis|code postal|téléphone|=tél|bon d'achat|carte cadeau|code promo|numéro client|adhérent|contrat|numéro de série|dossier|montant|=vol|=siège|=siret|=rcs|livraison|remise|réduction|=cedex|abonné|numéro de confirmation|code parrain
=pedido|factura|reserva|referencia|=ref|seguimiento|=envío|=envíos|paquete|código postal|teléfono|=tel|tarjeta regalo|tarjeta de regalo|cupón|descuento|promocional|número de cliente|contrato|número de serie|expediente|importe|=iva|vuelo|asiento|=socio|tu caso|su caso|número de caso|=nif|=cif|albarán|comanda|incidencia|localizador|folio|número de confirmación|nº de confirmación
encomenda|fatura|reserva|referência|rastreio|rastreamento|=envio|=envios|=cep|telefone|=tel|cartão presente|vale-presente|cupom|cupão|desconto|número de cliente|contrato|número de série|protocolo|seu caso|=valor|=cnpj|=cpf|=nif|=voo|=voos|assento|boleto|=sac|nota fiscal|matrícula|número de confirmação|n.º de confirmação|nº de confirmação|código de indicação
ordine|fattura|prenotazione|riferimento|=rif|spedizione|tracciamento|pacco|telefono|=tel|buono|carta regalo|coupon|sconto|codice cliente|contratto|numero di serie|numero di pratica|=pratica|importo|=iva|codice fiscale|partita iva|=volo|=voli|=posto|tessera|codice postale|numero verde|bolletta|numero di conferma|codice operazione|codice pratica|codice ordine|codice prenotazione|codice sconto
*bestelnummer|*bestelling|*factuur|*boeking|*reservering|=referentie|*referentienummer|=kenmerk|*zending|*pakket|*postcode|*telefoon|=tel|*cadeaukaart|*cadeaubon|*kortingscode|*korting|*klantnummer|*lidnummer|*contract|*serienummer|*dossier|*bedrag|=btw|=kvk|=vlucht|=stoel|track & trace|*barcode|bevestigingsnummer
*ordernummer|=order|*beställning|*faktura|*bokning|*referens|*spårning|=paket|*försändelse|*postnummer|=telefon|=tel|*presentkort|*rabattkod|*rabatt|*kundnummer|*medlemsnummer|*avtal|*serienummer|=ärende|=ärendet|ärendenummer|=belopp|=moms|*organisationsnummer|*personnummer|=flyg|=ocr|*kvitto
*ordrenummer|*bestilling|*faktura|*booking|*referanse|*reference|*sporing|=pakke|*forsendelse|*postnummer|=telefon|=tlf|*gavekort|*rabattkode|*rabatkode|*rabat|*rabatt|*kundenummer|*medlemsnummer|*avtale|*aftale|*serienummer|saksnummer|saksnr|sak nr|sagsnummer|sagsnr|sag nr|=beløp|=beløb|=mva|*moms|=cvr|*fødselsnummer|*kvittering|=ordre|*skadenummer|*skadesak
*tilausnumero|*tilaus|*lasku|*varaus|*viite|*seuranta|=paketti|*lähetys|*postinumero|=puhelin|=puh|*lahjakortti|*alennus|*asiakasnumero|*jäsennumero|*sopimus|*sarjanumero|=summa|=alv|=y-tunnus|*tapaus
zamówieni|faktur|rezerwac|referenc|śledzen|przesyłk|paczk|kod pocztowy|telefon|=tel|infolini|karta podarunkowa|kod rabatowy|rabat|kupon|numer klienta|umow|numer seryjny|zgłoszeni|kwot|=nip|=vat|=regon|=krs|miejsce|bilet|numer potwierdzenia
objednáv|faktur|rezervac|referen|sledován|zásilk|balíček|=psč|telefon|=tel|dárkov|slevov|sleva|kupón|číslo zákazníka|smlouv|sériové|částk|=dič|=ičo|=ič|zásielk|darčekov|zľav|zmluv|=suma|jízdenk|vstupenk
rendelés|számla|foglalás|hivatkozás|nyomkövet|csomag|szállít|irányítószám|telefon|=tel|ajándékkártya|kupon|kedvezmény|ügyfélszám|vevőszám|szerződés|sorozatszám|ügyszám|összeg|=áfa|adószám|járat|ülés|iktatószám
comandă|=comanda|comenzi|factur|rezervar|referinț|urmărir|colet|=awb|cod poștal|telefon|=tel|card cadou|voucher|cupon|reducere|număr client|contract|=serie|număr de serie|dosar|=sumă|=zbor|=zborul|livrare|bilet
поръчк|фактур|резервац|референ|проследяв|пратк|пощенски код|телефон|=тел|подаръчн|ваучер|купон|отстъпк|промо|клиентски номер|договор|сериен|сума|=ддс|=еик|полет|място|доставк
παραγγελί|τιμολόγ|κράτησ|αναφορ|αποστολ|δέμα|ταχυδρομικ|=τκ|τηλέφων|=τηλ|δωροκάρτ|κουπόν|έκπτωσ|αριθμός πελάτη|συμβόλαι|ποσό|=αφμ|πτήσ|εισιτήρι
nuolaidos kodas|nuolaidos kodą|nuolaidos kodo|akcijos kodas|dovanų kodas|atlaides kods|atlaides kodu|dāvanu kods|sooduskood|kinkekaardi kood|užsakym|sąskait|rezervac|siunt|pašto kod|telefon|=tel|nuolaid|kupon|dovan|kliento numer|sutart|kvit|bilet|pasūtījum|rēķin|sūtījum|pasta indeks|tālrun|atlaid|dāvan|klienta numur|līgum|tellimus|arve|saadetis|postiindeks|soodus|kinkekaar|kliendinumber|leping|pilet
sipariş|fatura|rezervasyon|referans|takip no|takip kod|takip numara|kargo takip|kargo|gönderi|posta kodu|telefon|=tel|hediye kart|kupon|indirim|müşteri n|müşteri hizmet|sözleşme|seri n|tutar|uçuş|koltuk|abone n|=vkn|bilet|davet kodu|davet kodun
заказ|счет|счёт|фактур|бронир|отслежив|трек|посылк|отправлен|индекс|телефон|=тел|подароч|купон|скидк|промокод|номер клиента|договор|серийн|обращен|заявк|сумм|=инн|=кпп|=огрн|рейс|место|билет|накладн|штрихкод|лицевой счет|артикул|заявка номер|номер заявки
замовлен|рахун|фактур|бронюв|відстеж|посилк|відправлен|поштовий індекс|телефон|=тел|подарунков|купон|знижк|промокод|номер клієнта|договір|договор|серійн|звернен|сума|=іпн|рейс|квиток|накладн|=ттн|єдрпоу
*رقم الطلب|*الطلب|*طلبك|*فاتورة|*الفاتورة|*حجز|*رقم المرجع|*مرجع|*تتبع|*شحنة|*الشحنة|*الرمز البريدي|*هاتف|*اتصل|*بطاقة هدية|*قسيمة|*كوبون|*خصم|*رقم العميل|*عقد|*المبلغ|*ضريب|=رحلة|=رحلتك|=الرحلة|*رقم الحساب|*تذكرة|*رقم العضوية|=ص.ب
*מספר הזמנה|*הזמנ|*חשבונית|*אסמכתא|*מעקב|*משלוח|*חבילה|*מיקוד|*טלפון|=טל|*שובר|*כרטיס מתנה|*קופון|*הנחה|*מספר לקוח|*חוזה|*סכום|*טיסה|*פנייה|*ח.פ|=מוקד|=המוקד|=למוקד|*קבלה
*سفارش|*فاکتور|*رزرو|*پیگیری|*مرسوله|=بسته|*کد پستی|*تلفن|*کارت هدیه|*تخفیف|*شماره مشتری|*قرارداد|*مبلغ|*پرواز|*تماس
*ऑर्डर|=बिल|*चालान|*आवेदन|*बुकिंग|*संदर्भ|*ट्रैकिंग|*पार्सल|*पिन कोड|*पिनकोड|*फोन|*फ़ोन|*उपहार|*कूपन|*छूट|*राशि|*शिकायत|*উড়ান|*অর্ডার|*ফোন|*آرڈر|*इनवॉइस|*टिकट
*คำสั่งซื้อ|*ใบแจ้งหนี้|*การจอง|*อ้างอิง|*พัสดุ|*รหัสไปรษณีย์|*โทร|*บัตรของขวัญ|*คูปอง|*ส่วนลด|*หมายเลขลูกค้า|*สัญญา|*ยอด|*เที่ยวบิน|*ใบเสร็จ|*จำนวนเงิน|*บาท
đơn hàng|hóa đơn|đặt chỗ|tham chiếu|vận đơn|bưu kiện|mã bưu|điện thoại|thẻ quà|phiếu|giảm giá|khuyến mãi|mã khách hàng|hợp đồng|số tiền|chuyến bay|tổng đài|hotline|mã số thuế|vận chuyển
pesanan|faktur|pemesanan|referensi|pelacakan|=resi|nomor resi|paket|kode pos|telepon|=telp|kartu hadiah|kupon|voucher|diskon|nomor pelanggan|kontrak|jumlah|=npwp|penerbangan|tagihan|poskod|tempahan|invois|bayaran|kode promo
*注文|*請求|*予約|*お問い合わせ|*問合せ|*追跡|*配送|*伝票|*荷物|*郵便番号|*電話|*ギフト|*クーポン|*割引|*会員番号|*お客様番号|*顧客番号|*契約|*製造番号|*受付番号|*金額|*合計|*便名|*座席|*ポイント|*〒|*口座|*領収|*管理番号|*バージョン|*円|*整理番号
*주문|*청구|*예약|*송장|*운송장|*배송|*택배|*우편번호|*전화|*기프트|*쿠폰|*할인|*회원번호|*고객번호|*고객센터|*계약|*일련번호|*접수번호|*금액|*합계|*항공편|*좌석|*문의|*사업자|*포인트|*영수증|*계좌
*订单|*发票|*预订|*快递|*运单|*物流|*包裹|*邮编|*邮政编码|*电话|*客服|*热线|*礼品卡|*优惠|*折扣|*会员号|*客户号|*客户编号|*合同|*序列号|*工单|*金额|*合计|*航班|*座位|*积分|*尾号|*编号|*流水号|*备案|*兑换码|*单号|*取件码|*提货码|*元
*訂單|*發票|*預訂|*預約|*快遞|*運單|*物流|*包裹|*郵遞區號|*電話|*客服|*專線|*禮品卡|*優惠|*折扣|*會員編號|*客戶編號|*合約|*序號|*案件|*金額|*合計|*航班|*座位|*點數|*統一編號|*編號|*兌換碼|*單號|*取貨碼|*元
narudžb|račun br|faktur|rezervacij|praćenj|pošiljk|poštanski broj|telefon|popust|kupon|broj kupca|ugovor|iznos|naročil|poštna številka|stranka št|pöntun|reikning|наруџбин|рачун бр|пошиљк|поруџбин
survey|access number|participant|teilnehmernummer|nambari ya agizo|nambari ya simu|*ტელეფონ|*შეკვეთ|*պատվեր|*հեռախոս|*ஆர்டர்|*தொலைபேசி|*ఆర్డర్|*ഓർഡർ|sifariş|buyurtma|тапсырыс|нарачк|porosi|eskaera
recovery codes|backup codes|backup-codes|wiederherstellungscodes|ersatzcodes|codes de secours|codes de récupération|códigos de recuperación|códigos de respaldo|códigos de recuperação|códigos de backup|codici di recupero|codici di backup|herstelcodes|reservecodes|återställningskoder|kody zapasowe|kody odzyskiwania|резервные коды|резервных кодов|*备用码|*備用碼|*バックアップコード|*백업 코드
ile biten|endet auf|endend auf|endung|se terminant par|finissant par|terminada en|terminado en|que termina en|com final|terminado em|che termina|che finisce|eindigend op|eindigt op|som slutar på|som slutter på|który kończy|kończąc|končící|végződő|terminat în|заканчив|закінчу|που λήγει
"""

# A code that no longer counts.
DEAD = """
has expired|have expired|had expired|=expired|is no longer|no longer valid|no longer works|was used|was just used|were used|cannot be used again|can not be used again|has been used|have been used|already used|been used|invalidated|is invalid|revoked|cancelled|canceled|was entered|has been replaced|do not use|don't use|not valid|out of date|was redeemed|has been redeemed|will not work|won't work|superseded|ignore the code|ignore code|=void|voided|was accepted|stopped working|is dead|disregard
abgelaufen|verwendet wurde|wurde verwendet|wurde benutzt|benutzt wurde|nicht mehr gültig|ungültig|bereits verwendet|bereits benutzt|eingelöst|gilt nicht mehr|wurde eingegeben|erfolgreich verwendet
a expiré|est expiré|ont expiré|a été utilisé|été utilisé|déjà utilisé|n'est plus valable|n’est plus valable|n'est plus valide|n’est plus valide|annulé|plus valable
ha caducado|caducado|ha expirado|expirado|fue usado|fue utilizado|se utilizó|se usó|ya se usó|ha sido utilizado|ya no es válido|ya no sirve|anulado|ya no funciona
expirou|foi usado|foi utilizado|já foi usado|já não é válido|não é mais válido|já utilizado|expirado|não vale mais|deixou de ser
scaduto|è stato usato|è stato utilizzato|stato utilizzato|non è più valido|già utilizzato|annullato
verlopen|is gebruikt|werd gebruikt|al gebruikt|niet meer geldig|ongeldig
har gått ut|gått ut|har använts|användes|inte längre giltig|ogiltig|har upphört|gäller inte längre
utløpt|er brukt|ble brukt|er blevet brugt|blev brugt|udløbet|ikke lenger gyldig|ikke længere gyldig|ugyldig
vanhentunut|on käytetty|käytettiin|ei ole enää voimassa|mitätöity
wygasł|został użyty|został wykorzystany|użyto|nieważn|stracił ważność
vypršel|vypršela platnost|byl použit|již neplatí|neplatný|bol použitý|už neplatí|už nie je platný
lejárt|felhasználták|felhasználásra került|már nem érvényes|érvénytelen
a expirat|a fost folosit|a fost utilizat|nu mai este valabil|nu mai este valid
изтекъл|е използван|беше използван|вече не е валиден|невалиден|изтече
έληξε|έχει λήξει|χρησιμοποιήθηκε|δεν ισχύει|άκυρος
süresi doldu|süresi dolmuş|kullanıldı|kullanılmıştır|geçersiz|artık geçerli değil
истек|истёк|был использован|=использован|=использована|=использовано|=использованы|уже использ|недействит|больше не действует|устарел|уже не действует
минув|був використаний|використано|недійсн|більше не діє|закінчився
*انتهت صلاحية|*انتهت صلاحيته|*تم استخدام|*غير صالح|*لم يعد صالح
*פג תוקף|*פג תוקפו|*נעשה שימוש|*כבר אינו|*אינו תקף|*לא בתוקף|*שומש
*منقضی شده|*استفاده شد|*نامعتبر
*समाप्त हो गया|*समाप्त हो चुका|*उपयोग किया गया|*इस्तेमाल हो चुका|*अमान्य
*หมดอายุแล้ว|*ถูกใช้|*ใช้ไปแล้ว|*ไม่สามารถใช้ได้
đã hết hạn|đã được sử dụng|không còn hiệu lực|đã hết hiệu lực
telah kedaluwarsa|sudah kedaluwarsa|telah digunakan|sudah digunakan|tidak berlaku lagi|sudah tidak berlaku
*期限切れ|*使用されました|*使用済み|*無効|*利用されました|*失効
*만료되었|*만료된|*사용되었|*사용된|*무효
*已过期|*已失效|*已使用|*被使用|*已被使用|*失效|*作废
*已過期|*已失效|*已使用|*被使用|*已被使用|*失效|*作廢
istekao|iskorišten|iskorišćen|više ne vrijedi|potekla|pasibaig|panaudot|beidzies|izmantots|aegunud|kasutatud|útrunnin
"""

# Warnings and examples: what is shown is not to be used.
SAMPLE = """
such as|for example|for instance|e.g.|example|sample|looks like this|it looks like|they look like|never ask|will never ask|never asks|would never ask|test value|=demo|placeholder|=scam|scammer|fraudster|phishing|thief|=imagine|=suppose|dummy|fictional|=criminal|=criminals
zum beispiel|=z.b.|beispiel|wie etwa|niemals nach|betrüger|nie nach|=muster
par exemple|exemple|ne vous demander|escroc|fraudeur|hameçonnage
por ejemplo|=ejemplo|nunca te pedi|nunca le pedi|estafa|nunca pediremos|nunca solicit
por exemplo|=exemplo|nunca pedimos|nunca pediremos|nunca solicit|=golpe|=golpes|golpista|burlão
per esempio|ad esempio|=esempio|non ti chieder|truff
bijvoorbeeld|voorbeeld|zullen nooit|oplichter|vragen nooit
till exempel|=exempel|bedragare|ber aldrig|frågar aldrig|for eksempel|=eksempel|svindler|spør aldri|spørger aldrig
esimerkiksi|=esimerkki|huijari
na przykład|=np.|przykład|nigdy nie popros|nigdy nie pros|oszust
například|=např.|příklad|nikdy nežád|podvodn|napríklad|príklad
például|soha nem kér|=csaló|=csalók|csalás
de exemplu|=exemplu|nu vă vom cere|escroc
например|=пример|никога няма|измамни|никогда не|мошенни|наприклад|=приклад|шахра|ніколи не
για παράδειγμα|παράδειγμα|απατεών
örneğin|=örnek|asla iste|dolandırıcı
*على سبيل المثال|*مثلا|*مثال|*لن نطلب|*محتال
*לדוגמה|*לדוגמא|*למשל|=נוכל|=נוכלים|*לעולם לא נבקש
*مثلا|*نمونه|*به عنوان مثال|*کلاهبردار
*उदाहरण|*जैसे कि|*धोखेबाज|*कभी नहीं मांग
*ตัวอย่าง|*เช่น|*มิจฉาชีพ
ví dụ|lừa đảo|chẳng hạn
misalnya|contoh|penipu|tidak pernah meminta
*例えば|*たとえば|*詐欺|*サンプル
*예를 들어|*예시|*사기
*例如|*比如|*示例|*诈骗|*骗子
*例如|*譬如|*範例|*詐騙|*騙子
na primjer|na primer|npr.|pavyzdž|piemēram|näiteks
"""

# Words to machines that read mail: a passage that speaks to them is not to be followed.
AGENT = """
note to ai|attention ai|dear ai|hey ai|to all ai|if you are an ai|automation must|agents must|agents should|agent must|agent should|assistants must|assistants should|dear assistant|dear agent|attention agent|attention assistant|note to agent|note to assistant|note for agent|note for assistant|bots must|bots should|system prompt|system override|system instruction|ignore previous|ignore all previous|ignore the above|ignore all prior|ignore any previous|ignore any instruction|ignore prior|ignore earlier instr|ignore your previous|ignore your instr|disregard previous|disregard all|disregard the above|disregard prior|previous instructions|prior instructions|your instructions|as the verification code instead|instead of the code|parsers must|scripts must
hinweis an ki|hinweis für ki|an alle ki|ignoriere alle vor|ignorieren sie alle vor|ignoriere die vor|ignorieren sie die vor|ignoriere die anweis|vorherigen anweisungen|ignorez les instructions|ignore les instructions|instructions précédentes
ignora las instrucciones|ignore las instrucciones|instrucciones anteriores|para la ia|ignore as instruções|instruções anteriores|ignora le istruzioni|istruzioni precedenti
negeer eerdere|negeer de vorige|negeer de instr|ignorera tidigare|ignorer tidligere|zignoruj poprzednie|игнорируй предыдущ|игнорируйте предыдущ|игнорируй инструкц|игнорируйте инструкц|для ии
*تجاهل التعليمات|*התעלם מההוראות|*忽略之前|*忽略以上|*忽略先前|*以前の指示|*이전 지시
"""

# Names of such machines: a service may be about them; only with a word of command is it speech to them.
MACHINE = """
ai agent|ai assistant|ai model|ai system|ai tool|ai reader|a.i. assistant|any ai|for ai|automated agent|automated assistant|automated system|automated reader|autonomous agent|llm agent|=llm|=llms|language model|chatbot|system message|system note|mail agents|email agents|e-mail agents|software agents|machine reader|crawlers
ki-agent|ki-assistent|ki assistent|ki-system|sprachmodell|automatisierte agenten|agent ia|agents ia|assistant ia|assistants ia|modèle de langage|agents automatisés|agent automatisé
agente de ia|agentes de ia|asistente de ia|asistentes de ia|agentes automáticos|agentes automatizados|modelo de lenguaje|assistente de ia|assistentes de ia|modelo de linguagem|agente ia|agenti ia|assistente ia|assistenti ia|modello linguistico|agenti automatici
ai-assistent|taalmodel|geautomatiseerde agent|ai-agent|språkmodell|kielimalli|sprogmodel|agent ai|agenci ai|agentów ai|asystent ai|asystentów ai|model językowy|jazykový model|nyelvi modell|model lingvistic|yapay zeka|dil modeli
ии-агент|ии-ассистент|ии-агентам|ии-ассистентам|языков модел|нейросет|мовна модель|ші-агент|ші-асистент|γλωσσικό μοντέλο|τεχνητής νοημοσύνης
*ذكاء اصطناعي|*الذكاء الاصطناعي|*בינה מלאכותית|*סוכן ai|*סוכני ai|*מודל שפה|*هوش مصنوعی|*مدل زبانی
*人工智能|*智能助手|*ai助手|*ai代理|*ai助理|*ai智能体|*智能体|*语言模型|*人工智慧|*語言模型|*エージェント|*aiアシスタント|*言語モデル|*인공지능|*에이전트|*언어 모델|*एआई|*เอไอ|*ปัญญาประดิษฐ์|trí tuệ nhân tạo|mô hình ngôn ngữ|asisten ai|kecerdasan buatan
"""

# What mail programs put before the subject of an answer or a forward, up to its colon.
REPLY_PREFIXES = tuple(
    prefix
    for line in (
        "re|res|ref|rép|rif|r|antw|aw|sv|svar|vs|vb|vl|odp|odg|odpověď|odpoveď|vá|ynt|cev|atb|trả lời",
        "fw|fwd|wg|tr|trs|enc|rv|i|doorst|pd|ilt|i̇lt|továbbítás|tml|bls|chuyển tiếp",
        "απ|σχετ|πρθ|отв|ответ|пересл",
        "回复|回覆|答复|答覆|返信|转发|轉寄|轉發|転送|답장|회신|전달",
        "השב|הועבר|رد|تحويل|ตอบ|ส่งต่อ",
    )
    for prefix in line.split("|")
)

# Folded words that are in most sentences: no term of several words is found by one of these if it has another.
COMMON = """
a about all an and any are as at be been by can do don for from has have if in is it me my no not of on one or our so
that the them they this to up us was we were will with you your
au aux avec ce de des du en est et la le les ma mon ne nous par pas pour que sur un une votre vos vous
con del el es esta las lo los para se si su te tu y ao com da das dos e em na nao nos os seu sua um uma
che di gli i il non per tuo vi dem den der die ein eine ich ihr ihre ihren ihrer ist mit nicht sie und zu zum
aan een het ik je niet op te uw van voor att av det din ett har ikke inte og pa som til
nie w z za bu bir icin ve или в для и на не с что это
"""
