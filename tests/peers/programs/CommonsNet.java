import java.io.*;
import java.nio.file.*;
import java.time.Duration;
import org.apache.commons.net.PrintCommandListener;
import org.apache.commons.net.ftp.*;
import org.apache.commons.net.util.TrustManagerUtils;

/** Apache Commons Net, plain or as FTPSClient. */
public class CommonsNet {
    static final int HALF = 100000;
    static FTPClient ftp;

    static boolean step(String verb, String name) throws IOException {
        Path here = Paths.get(name);
        switch (verb) {
            case "list":
                for (FTPFile file : ftp.listFiles()) System.out.println("listed " + file.getName());
                return true;
            case "fetch":
            case "miss":
                try (OutputStream out = Files.newOutputStream(here)) {
                    return ftp.retrieveFile(name, out);
                }
            case "resume":
                ftp.setRestartOffset(Files.size(here));
                try (OutputStream out = Files.newOutputStream(here, StandardOpenOption.APPEND)) {
                    return ftp.retrieveFile(name, out);
                }
            case "store":
                try (InputStream in = Files.newInputStream(here)) {
                    return ftp.storeFile(name, in);
                }
            case "continue":
                try (InputStream in = Files.newInputStream(here)) {
                    in.skipNBytes(HALF);
                    return ftp.appendFile(name, in);
                }
            case "abandon":
                InputStream in = ftp.retrieveFileStream(name);
                if (in == null) return false;
                in.readNBytes(HALF);
                in.close();
                return ftp.completePendingCommand();
            default:
                throw new IllegalArgumentException(verb);
        }
    }

    public static void main(String[] words) throws IOException {
        if (words[5].equals("tls")) {
            FTPSClient secure = new FTPSClient(false);
            secure.setTrustManager(TrustManagerUtils.getAcceptAllTrustManager());
            ftp = secure;
        } else {
            ftp = new FTPClient();
        }
        ftp.addProtocolCommandListener(new PrintCommandListener(new PrintWriter(System.out), true));
        ftp.setConnectTimeout(30000);
        ftp.setDefaultTimeout(30000);
        ftp.setDataTimeout(Duration.ofSeconds(30));
        ftp.connect(words[0], Integer.parseInt(words[1]));
        if (!ftp.login(words[2], words[3])) throw new IOException("no login");
        if (ftp instanceof FTPSClient) {
            ((FTPSClient) ftp).execPBSZ(0);
            ((FTPSClient) ftp).execPROT("P");
        }
        if (words[6].equals("passive")) ftp.enterLocalPassiveMode();
        ftp.setFileType(FTP.BINARY_FILE_TYPE);
        ftp.changeWorkingDirectory(words[4]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] said = line.split("\t");
            try {
                if (!step(said[0], said[1])) System.out.println("refused " + line);
            } catch (IOException error) {
                System.out.println("refused " + line + " " + error);
            }
        }
        ftp.logout();
        ftp.disconnect();
    }
}
