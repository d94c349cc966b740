/* Names of countries, seas, straits and ports round the waters that are watched, for a map without a network. Written
   by hand; places are where the name is readable, not borders: a name says nothing about whose water or land it is. */

/* [name, longitude, latitude, zoom from which it is shown, zoom up to which] */
export const COUNTRIES = [
  ["Russia", 135.5, 46.5, 4, 8], ["China", 118, 36.5, 4, 8], ["North Korea", 126.6, 40.2, 4, 9], ["South Korea", 127.9, 36.6, 4, 9], ["Japan", 138.2, 36.4, 4, 8],
  ["Mongolia", 104, 46.8, 4, 7], ["Taiwan", 121, 23.8, 5, 9], ["Vietnam", 107.8, 13.8, 4, 8], ["Philippines", 121.6, 16.4, 4, 8], ["Malaysia", 102.3, 4.2, 4, 8],
  ["Indonesia", 113.5, -1, 4, 7], ["Singapore", 103.82, 1.35, 7, 11], ["Thailand", 101, 15.5, 4, 8], ["India", 78.5, 22, 3, 7], ["Finland", 26.5, 63.5, 4, 8],
  ["Estonia", 25.8, 58.8, 5, 9], ["Latvia", 25.5, 56.9, 5, 9], ["Sweden", 15.5, 62, 4, 8], ["Norway", 9.5, 61.5, 4, 8], ["Denmark", 9.2, 56.1, 5, 9], ["Turkey", 34, 39, 4, 8], ["Ukraine", 31.5, 49, 4, 8],
];
export const WATERS = [
  ["Sea of Japan (East Sea)", 134.5, 39.6, 4, 9], ["Yellow Sea", 123.3, 35.6, 4, 9], ["East China Sea", 125, 29.6, 4, 9], ["Korea Bay", 123.8, 38.9, 6, 10], ["Bohai Sea", 119.6, 38.7, 5, 9],
  ["Korea Strait", 129.2, 34.3, 6, 10], ["Tsugaru Strait", 140.5, 41.4, 7, 11], ["La Pérouse Strait", 142, 45.75, 7, 11], ["Sea of Okhotsk", 148, 52, 4, 8], ["Pacific Ocean", 150, 33, 3, 7],
  ["South China Sea", 114.5, 15.5, 4, 8], ["Taiwan Strait", 119.6, 24.6, 6, 10], ["Strait of Malacca", 99.8, 3.6, 5, 9], ["Peter the Great Gulf", 131.9, 42.65, 8, 12], ["East Korea Bay", 128.1, 39.5, 7, 11],
  ["Baltic Sea", 19.5, 57.5, 4, 8], ["Gulf of Finland", 26.3, 59.9, 6, 10], ["Black Sea", 34.5, 43.3, 4, 8], ["Barents Sea", 40, 73, 3, 7], ["Kara Sea", 68, 74.5, 4, 8],
];
export const PORTS = [
  ["Vladivostok", 131.88, 43.12], ["Nakhodka", 132.88, 42.81], ["Vostochny", 133.08, 42.74], ["Slavyanka", 131.38, 42.86], ["Rason", 130.3, 42.24], ["Chongjin", 129.81, 41.78], ["Kimchaek", 129.2, 40.67],
  ["Hungnam", 127.63, 39.83], ["Wonsan", 127.44, 39.16], ["Nampo", 125.4, 38.73], ["Haeju", 125.7, 38.02], ["Songnim", 125.63, 38.75], ["Busan", 129.06, 35.1], ["Ulsan", 129.38, 35.51], ["Incheon", 126.6, 37.46],
  ["Dalian", 121.65, 38.93], ["Dandong", 124.15, 39.82], ["Yantai", 121.4, 37.54], ["Qingdao", 120.32, 36.07], ["Shanghai", 121.6, 31.35], ["Ningbo", 121.95, 29.93], ["Niigata", 139.06, 37.93],
];
